// The views, in the order of the navigation. Their paths are also listed in api/dashboard.py.
import { BookOpen, ChartColumn, ListChecks, MessagesSquare, Radio, Scale, ScrollText, Settings, SquareFunction, SquareKanban } from "lucide-react";
import { type ComponentType, lazy } from "react";
import type { Role } from "../live/context";

export interface ViewProps {
  /** What follows the view's path in the address, such as a record's id; "" for the view itself. */
  record: string;
}

export interface View {
  path: string;
  title: string;
  icon: ComponentType<{ size?: number; "aria-hidden"?: boolean }>;
  Component: ComponentType<ViewProps>;
  /** Roles below it do not see the view. */
  needs?: Role;
}

export const VIEWS: readonly View[] = [
  { path: "now", title: "Now", icon: Radio, Component: lazy(() => import("../now/NowView")) },
  { path: "messages", title: "Messages", icon: MessagesSquare, Component: lazy(() => import("../messages/MessagesView")) },
  { path: "backlog", title: "Backlog", icon: SquareKanban, Component: lazy(() => import("../backlog/BacklogView")) },
  { path: "knowledge", title: "Knowledge", icon: BookOpen, Component: lazy(() => import("../knowledge/KnowledgeView")) },
  { path: "functions", title: "Functions", icon: SquareFunction, Component: lazy(() => import("../functions/FunctionsView")) },
  { path: "specs", title: "Specs", icon: ScrollText, Component: lazy(() => import("../specs/SpecsView")) },
  { path: "checklists", title: "Checklists", icon: ListChecks, Component: lazy(() => import("../checklists/ChecklistsView")) },
  { path: "guidelines", title: "Guidelines", icon: Scale, Component: lazy(() => import("../guidelines/GuidelinesView")) },
  { path: "history", title: "History", icon: ChartColumn, Component: lazy(() => import("../history/HistoryView")) },
  { path: "admin", title: "Admin", icon: Settings, Component: lazy(() => import("../admin/AdminView")), needs: "ADMIN" },
];
