// One project, one page for each folder named here; the server serves /assets and knows each page by its folder.
import { resolve } from "node:path";
import optimizeLocales from "@react-aria/optimize-locales-plugin";
import { defineConfig } from "vite";

const pages = ["dashboard", "explorer"];
const here = import.meta.dirname;

export default defineConfig({
  root: here,
  // The pages are in English: the components' texts in thirty other languages stay out.
  plugins: [optimizeLocales.vite({ locales: ["en-US"] })],
  build: {
    outDir: resolve(here, "../api/page"),
    emptyOutDir: true,
    // Data addresses are cheap in a style sheet, but the policy lets no script or worker come from one.
    assetsInlineLimit: (file) => (/\.(svg|png|ttf)$/.test(file) ? undefined : false),
    chunkSizeWarningLimit: 5000,
    rolldownOptions: {
      // "use client" means something to servers that render; there is none here.
      onwarn: (warning, warn) => warning.code === "MODULE_LEVEL_DIRECTIVE" || warn(warning),
      // What views share as one file: dozens of small ones take 10 kB more, packed, as each begins its dictionary anew.
      output: { codeSplitting: { groups: [{ name: "shared", test: /lucide-react|dashboard.(ui|live|app).*(ts|tsx)$/ }] } },
      input: Object.fromEntries(pages.map((page) => [page, resolve(here, page, "index.html")])),
    },
  },
});
