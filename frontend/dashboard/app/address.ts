// The address as the browser has it. The router hands it out half decoded: then "%25" is no more told apart from "%".
import { usePathname } from "wouter/use-browser-location";
export { useSearch } from "wouter/use-browser-location";

/** Return the record that the address names behind its view, or "". */
export function useRecord(): string {
  return recordOf(usePathname());
}

export function recordOf(path: string): string {
  return path.replace(/\/+$/, "").split("/").slice(2).map(decoded).join("/");
}

/** What is not encoded as it should be stands for itself: anybody may type an address. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
