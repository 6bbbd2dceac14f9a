// What surrounds every view: navigation, the chosen project, how live the page is, the colours.
import { Braces, LogOut, SunMoon } from "lucide-react";
import { Suspense, useEffect, useRef, useState } from "react";
import { Redirect, Route, Switch, useLocation } from "wouter";
import type { Refused } from "../live/ask";
import { useLiveContext, useMay } from "../live/context";
import { Button } from "../ui/Button";
import { Empty } from "../ui/Empty";
import { ErrorBoundary } from "../ui/ErrorBoundary";
import { Problem } from "../ui/Problem";
import { useRecord, useSearch } from "./address";
import { Denied, isDenied } from "./Denied";
import { LiveState } from "./LiveState";
import { addressOf, useOpen, ViewLink } from "./links";
import { ToYou } from "./ToYou";
import { applyTheme, keptTheme, type Theme } from "./theme";
import { VIEWS, type View } from "./views";

interface Props {
  isReady: boolean;
  error?: Refused;
  onRetry(): void;
  onLeave(): void;
}

export function Shell({ isReady, error, onRetry, onLeave }: Props) {
  const { who, chosen } = useLiveContext();
  return (
    <>
      <a className="skip" href="#view">
        Skip to the view
      </a>
      <header className="bar">
        <strong className="brand">Interlock</strong>
        <LiveState />
        <ProjectChooser isReady={isReady} />
        <ThemeChooser />
        {who.isEnabled && (
          <Button kind="quiet" onPress={onLeave}>
            <LogOut size={16} aria-hidden /> <span className="sr-only">Sign out</span>
            <span className="wide-only" aria-hidden>
              Sign out
            </span>
            <span className="faint wide-only">{who.keyName}</span>
          </Button>
        )}
      </header>
      <Navigation />
      <main id="view" tabIndex={-1}>
        {error && <Problem error={error} what="The list of projects" onRetry={onRetry} />}
        {isReady && (isDenied(who.projects, chosen) ? <Denied onLeave={onLeave} /> : (
          <>
            <UnknownProject />
            <ManyProjects />
            <Views />
          </>
        ))}
      </main>
    </>
  );
}

/** Says that nothing is known of the chosen project, which may be one that is yet to begin. */
function UnknownProject() {
  const { chosen, projects } = useLiveContext();
  const view = useLocation()[0].split("/")[1] || "now";
  if (chosen === null || projects.some((project) => project.name === chosen)) return null;
  return (
    <p className="unknown" role="status">
      No project “{chosen}” is known here: nothing was written in it yet, and nobody registered it.{" "}
      <ViewLink view={view} project={null}>
        Show all projects
      </ViewLink>
    </p>
  );
}

/** As many as views read of all projects. */
const MOST_SHOWN = 30;
const OF_ALL = new Set(["guidelines", "admin"]);

/** Says that a view of all projects is not of all of them. */
function ManyProjects() {
  const { chosen, projects } = useLiveContext();
  const view = useLocation()[0].split("/")[1] ?? "";
  if (chosen !== null || projects.length <= MOST_SHOWN || OF_ALL.has(view)) return null;
  return (
    <p className="unknown">
      At most {MOST_SHOWN} of the {projects.length} projects are shown together: choose one above to see another.
    </p>
  );
}

function useShownViews(): readonly View[] {
  const may = { READONLY: true, AGENT: useMay("AGENT"), USER: useMay("USER"), ADMIN: useMay("ADMIN"), OWNER: useMay("OWNER") };
  return VIEWS.filter((view) => may[view.needs ?? "READONLY"]);
}

function Navigation() {
  const [path] = useLocation();
  const place = useRef<HTMLElement>(null);
  const name = path.split("/")[1];
  useEffect(() => {
    // Where it is one line that scrolls sideways, the entry of this view is brought into its middle.
    const nav = place.current!;
    const here = nav.querySelector<HTMLElement>("[data-here]");
    if (here) nav.scrollLeft = here.offsetLeft - (nav.clientWidth - here.offsetWidth) / 2;
  }, [name]);
  return (
    <nav aria-label="Views" className="views" ref={place}>
      {useShownViews().map(({ path: name, title, icon: Icon }) => {
        const isHere = path === `/${name}` || path.startsWith(`/${name}/`);
        return (
          <span key={name} className="entry" data-here={isHere || undefined}>
            <ViewLink view={name}>
              <Icon size={18} aria-hidden />
              {title}
              {name === "messages" && <ToYou />}
              {isHere && <span className="sr-only"> (this view)</span>}
            </ViewLink>
          </span>
        );
      })}
      <span className="entry quiet">
        <a href="/graphql" title="GraphiQL: the schema that this page lives on">
          <Braces size={18} aria-hidden />
          API
        </a>
      </span>
    </nav>
  );
}

function Views() {
  const search = useSearch();
  const record = useRecord();
  const shown = useShownViews();
  return (
    <Switch>
      {shown.map(({ path, title, Component }) => (
        <Route key={path} path={`/${path}/*?`}>
          <ErrorBoundary what={title} key={path}>
            <Titled title={title}>
              <Suspense fallback={<p className="faint">Loading {title}…</p>}>
                <Component record={record} />
              </Suspense>
            </Titled>
          </ErrorBoundary>
        </Route>
      ))}
      <Route path="/">
        <Redirect to={addressOf("now", "", search)} replace />
      </Route>
      <Route>
        <Empty title="There is no such view">
          <ViewLink view="now">Go to Now</ViewLink>
        </Empty>
      </Route>
    </Switch>
  );
}

/** Name the page after its view, and tell screen readers of a change by moving the focus to it. */
function Titled({ title, children }: { title: string; children: React.ReactNode }) {
  const isFirst = useRef(true);
  useEffect(() => {
    document.title = `${title} · Interlock`;
    if (!isFirst.current) document.getElementById("view")?.focus({ preventScroll: true });
    isFirst.current = false;
  }, [title]);
  return children;
}

function ProjectChooser({ isReady }: { isReady: boolean }) {
  const { chosen, projects } = useLiveContext();
  const open = useOpen();
  const [path] = useLocation();
  const names = projects.map((project) => project.name);
  const isOther = chosen !== null && !names.includes(chosen);
  return (
    <div className="chooser">
      <select
        aria-label="Project"
        value={chosen ?? ""}
        onChange={(event) => open({ view: path.split("/")[1] || "now", project: event.target.value || null })}
      >
        <option value="">All projects</option>
        {names.map((name) => (
          <option key={name} value={name}>
            {projects.find((project) => project.name === name)?.displayName || name}
          </option>
        ))}
        {isOther && (
          <option value={chosen} disabled>
            {chosen}
            {isReady && " (not known)"}
          </option>
        )}
      </select>
    </div>
  );
}

function ThemeChooser() {
  const [theme, setTheme] = useState(keptTheme);
  const choose = (chosen: Theme) => {
    applyTheme(chosen);
    setTheme(chosen);
  };
  return (
    <div className="chooser theme">
      <SunMoon size={16} aria-hidden />
      <select aria-label="Colours" value={theme} onChange={(event) => choose(event.target.value as Theme)}>
        <option value="system">Auto</option>
        <option value="light">Light</option>
        <option value="dark">Dark</option>
      </select>
    </div>
  );
}
