// What GraphiQL may keep between visits: documents, variables and settings, never headers, which may hold a key.
type Stored = Pick<Storage, "getItem" | "setItem" | "removeItem" | "clear" | "length">;

const HISTORIES = /(^|:)(queries|favorites)$/;

export function storageWithoutHeaders(storage: Storage): Stored {
  return {
    getItem: (name) => storage.getItem(name),
    setItem: (name, value) => storage.setItem(name, HISTORIES.test(name) ? withoutHeaders(value) : value),
    removeItem: (name) => storage.removeItem(name),
    clear: () => storage.clear(),
    get length() {
      return storage.length;
    },
  };
}

function withoutHeaders(history: string): string {
  return JSON.stringify(JSON.parse(history), (name, value) => (name === "headers" ? undefined : value));
}
