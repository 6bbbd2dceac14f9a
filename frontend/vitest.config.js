// The dashboard's logic is tested without a page; what a person sees is tested in a real browser (tests/browser).
import { defineConfig } from "vitest/config";

export default defineConfig({
  root: import.meta.dirname,
  test: { include: ["dashboard/**/*.test.ts"], environment: "node" },
});
