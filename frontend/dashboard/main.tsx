// The page at /: the dashboard.
import "./ui/tokens.css";
import "./ui/base.css";
import "./ui/ui.css";
import "./app/shell.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app/App";
import { applyTheme } from "./app/theme";
import { ErrorBoundary } from "./ui/ErrorBoundary";

applyTheme();
createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <ErrorBoundary what="The dashboard">
      <App />
    </ErrorBoundary>
  </StrictMode>,
);
