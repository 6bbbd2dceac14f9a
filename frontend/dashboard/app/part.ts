// Parts of the page that are fetched when first opened: the server may be away just then, or be a newer one.
import { type ComponentType, lazy } from "react";

const AGAIN_MS = 2_000;
const NAME = "interlock.loaded-anew";
const LOOP_MS = 30_000;

/** Return a component whose code is fetched when it is first drawn. */
export function part<C extends ComponentType<any>>(load: () => Promise<{ default: C }>) {
  return lazy(() => fetched(load));
}

/** Load until it is there; where the server has other files by now, load the page anew: its address says what it shows. */
async function fetched<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch {
    while (!(await isReachable())) await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
  try {
    return await load();
  } catch (error) {
    if (Date.now() - Number(sessionStorage.getItem(NAME)) < LOOP_MS) throw error;
    sessionStorage.setItem(NAME, String(Date.now()));
    location.reload();
    return new Promise<never>(() => {});
  }
}

async function isReachable(): Promise<boolean> {
  try {
    return (await fetch(location.href, { method: "HEAD" })).ok;
  } catch {
    return false;
  }
}
