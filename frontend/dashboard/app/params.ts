// What an address says behind its question mark: filters stand there, so that what is seen can be handed on.
import { useCallback, useEffect, useRef } from "react";
import { useLocation } from "wouter";
import { useSearch } from "./address";

/** New values; null or "" takes a parameter away. */
export type Changes = Record<string, string | null>;

/** Return the address of a record of a view that keeps the parameters of `search`, changed. */
export function addressWith(view: string, record: string, search: string, changes: Changes = {}): string {
  const given = new URLSearchParams(search);
  for (const [name, value] of Object.entries(changes)) {
    if (value) given.set(name, value);
    else given.delete(name);
  }
  const path = record ? `/${view}/${record.split("/").map(encodeURIComponent).join("/")}` : `/${view}`;
  const text = given.toString();
  return text ? `${path}?${text}` : path;
}

/** Return the address's parameters, and what changes some of them in place. */
export function useParams(): [URLSearchParams, (changes: Changes) => void] {
  const [, navigate] = useLocation();
  const search = useSearch();
  const change = useCallback(
    (changes: Changes) => {
      // As the address is by then: a search tells of itself once its typing rests, when more may have changed.
      const query = addressWith("", "", window.location.search, changes).slice(1);
      navigate(window.location.pathname + query, { replace: true });
    },
    [navigate],
  );
  return [new URLSearchParams(search), change];
}

/** Return what leads elsewhere while what asks for it is still there: an answer that comes late leads nobody away. */
export function useGo(): (address: string, options?: { replace?: boolean }) => void {
  const [, navigate] = useLocation();
  const isHere = useRef(false);
  useEffect(() => {
    isHere.current = true;
    return () => void (isHere.current = false);
  }, []);
  return useCallback((address, options) => isHere.current && navigate(address, options), [navigate]);
}

/** Return a function to the address of a record of a view, the parameters kept or changed. */
export function useAddress(view: string): (record: string, changes?: Changes) => string {
  const search = useSearch();
  return useCallback((record, changes) => addressWith(view, record, search, changes), [view, search]);
}
