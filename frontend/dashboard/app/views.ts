// The views, in the order of the navigation. Their paths are also listed in api/dashboard.py.
import { BookOpen, ChartColumn, ListChecks, MessagesSquare, Radio, Scale, ScrollText, Settings, SquareFunction, SquareKanban } from "lucide-react";
import type { ComponentType } from "react";
import type { Role } from "../live/context";
import { part } from "./part";

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
  { path: "now", title: "Now", icon: Radio, Component: part(() => import("../now/NowView")) },
  { path: "messages", title: "Messages", icon: MessagesSquare, Component: part(() => import("../messages/MessagesView")) },
  { path: "backlog", title: "Backlog", icon: SquareKanban, Component: part(() => import("../backlog/BacklogView")) },
  { path: "knowledge", title: "Knowledge", icon: BookOpen, Component: part(() => import("../knowledge/KnowledgeView")) },
  { path: "functions", title: "Functions", icon: SquareFunction, Component: part(() => import("../functions/FunctionsView")) },
  { path: "specs", title: "Specs", icon: ScrollText, Component: part(() => import("../specs/SpecsView")) },
  { path: "checklists", title: "Checklists", icon: ListChecks, Component: part(() => import("../checklists/ChecklistsView")) },
  { path: "guidelines", title: "Guidelines", icon: Scale, Component: part(() => import("../guidelines/GuidelinesView")) },
  { path: "history", title: "History", icon: ChartColumn, Component: part(() => import("../history/HistoryView")) },
  { path: "admin", title: "Admin", icon: Settings, Component: part(() => import("../admin/AdminView")), needs: "ADMIN" },
];
