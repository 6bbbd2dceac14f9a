// Light or dark: as the system has it, unless the person chose.
export type Theme = "system" | "light" | "dark";

const NAME = "interlock.theme";

export function keptTheme(): Theme {
  const kept = localStorage.getItem(NAME);
  return kept === "light" || kept === "dark" ? kept : "system";
}

export function applyTheme(theme: Theme = keptTheme()): void {
  localStorage.setItem(NAME, theme);
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}
