// Where the API key lives: in this tab's session storage, gone when the tab closes; never in a cookie or a URL.
const NAME = "interlock.key";

export function keptKey(): string {
  return sessionStorage.getItem(NAME) ?? "";
}

export function keepKey(key: string): void {
  if (key) sessionStorage.setItem(NAME, key);
  else sessionStorage.removeItem(NAME);
}
