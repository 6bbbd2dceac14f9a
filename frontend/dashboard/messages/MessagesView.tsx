// Messages: what agents say to each other and to the person, and the person's word to them.
import "./messages.css";
import { PenLine } from "lucide-react";
import { useMemo } from "react";
import { useLocation } from "wouter";
import { ViewLink } from "../app/links";
import { useAddress, useParams } from "../app/params";
import type { ViewProps } from "../app/views";
import { useMay, useShownProjects } from "../live/context";
import { about } from "../live/events";
import { useLiveEach } from "../live/useLive";
import { Button } from "../ui/Button";
import { Empty } from "../ui/Empty";
import { Panel } from "../ui/Panel";
import { Problem } from "../ui/Problem";
import { Split } from "../ui/Split";
import { Compose } from "./Compose";
import { OneThreadPart } from "./OneThread";
import { readThreads } from "./read";
import { ThreadList } from "./ThreadList";
import { chosen, filterOf } from "./threads";

const MOST_PROJECTS = 30;
const NEW = "new";
const TOUCHING = about(["message"]);

export default function MessagesView({ record }: ViewProps) {
  const [, navigate] = useLocation();
  const [params, change] = useParams();
  const address = useAddress("messages");
  const may = useMay("AGENT");
  const projects = useShownProjects().slice(0, MOST_PROJECTS).map((project) => project.name);
  const names = projects.join();
  const keyed = useMemo(() => Object.fromEntries(projects.map((project) => [project, project])), [names]);
  const answers = useLiveEach(keyed, readThreads, { touchedBy: (event, project) => event.project === project && TOUCHING(event), everySeconds: 60 });
  const threads = useMemo(() => projects.flatMap((project) => answers[project]?.data?.threads ?? []), [names, answers]);
  const filter = filterOf(params);
  const shown = useMemo(() => chosen(threads, filter), [threads, JSON.stringify(filter)]);
  const failed = Object.values(answers).find((answer) => answer.error);
  const isRead = projects.every((project) => answers[project]?.data);
  const cut = record.indexOf("/");
  const [project, thread] = [record.slice(0, cut), record.slice(cut + 1)];
  const known = cut < 0 && threads.find((one) => one.id === record);
  const write = (to: string) => navigate(address(NEW, { to, in: null }));

  return (
    <div className="messages">
      <div className="messages-head">
        <h1>Messages</h1>
        {may && projects.length > 0 && (
          <Button kind="primary" onPress={() => write("")}>
            <PenLine size={16} aria-hidden /> Write to agents
          </Button>
        )}
      </div>
      {failed?.error && <Problem error={failed.error} what="The messages of a project" onRetry={failed.refresh} />}
      <Split
        open={record}
        back={{ to: address("", { to: null, in: null }), label: "All threads" }}
        list={
          <ThreadList
            all={threads}
            threads={shown}
            isRead={isRead}
            isCut={projects.some((name) => answers[name]?.data?.isCut)}
            showsProjects={projects.length > 1}
            filter={filter}
            open={record}
            addressOf={address}
            onChange={change}
          />
        }
        detail={
          record === NEW && may ? (
            <Compose key={`${params.get("in")}/${params.get("to")}`} projects={projects} to={params.get("to") ?? ""} in={params.get("in") ?? ""} addressOf={(where) => address(where, { to: null, in: null })} />
          ) : cut > 0 ? (
            <OneThreadPart key={record} project={project} thread={thread} />
          ) : known ? (
            <OneThreadPart key={record} project={known.project} thread={known.id} />
          ) : record && record !== NEW && isRead ? (
            <Panel title="Conversation">
              <Empty title="There is no such thread">
                <ViewLink view="messages">See all threads</ViewLink>
              </Empty>
            </Panel>
          ) : null
        }
        nothing={
          <div className="panel messages-nothing">
            {threads.length > 0 && (
              <Empty title="Open a thread">
                <p>Then its messages stand here, with who has read and answered each of them.</p>
              </Empty>
            )}
          </div>
        }
      />
    </div>
  );
}
