// Who is at the page: nobody yet, somebody with a key, or anybody where the server asks for none.
import { useCallback, useEffect, useMemo, useState } from "react";
import { Refused, Server } from "../live/ask";
import { Problem } from "../ui/Problem";
import { ConfirmProvider } from "../ui/confirm";
import { Toasts } from "../ui/toasts";
import { type WhoAmIQuery, WhoAmIDocument } from "./documents";
import { keepKey, keptKey } from "./key";
import { SignedIn } from "./SignedIn";
import { SignIn } from "./SignIn";

type Door = { is: "asking" } | { is: "shut"; problem: string } | { is: "away"; error: Refused } | { is: "open"; who: WhoAmIQuery["authStatus"] };

const AGAIN_MS = 2_000;

export function App() {
  const [key, setKey] = useState(keptKey);
  const [door, setDoor] = useState<Door>({ is: "asking" });
  const [attempt, setAttempt] = useState(0);

  const lockOut = useCallback(() => {
    keepKey("");
    setDoor({ is: "shut", problem: key ? "The server does not know this key, or it was revoked." : "" });
  }, [key]);
  const server = useMemo(() => new Server(key, lockOut), [key, lockOut]);
  const askAgain = useCallback(() => setAttempt((before) => before + 1), []);

  useEffect(() => {
    let isCurrent = true;
    server.query(WhoAmIDocument, {}).then(
      ({ authStatus }) => isCurrent && setDoor({ is: "open", who: authStatus }),
      (error: Refused) => isCurrent && error.code !== "UNAUTHENTICATED" && setDoor({ is: "away", error }),
    );
    return () => {
      isCurrent = false;
    };
  }, [server, attempt]);

  useEffect(() => {
    if (door.is !== "away") return;
    const timer = setTimeout(askAgain, AGAIN_MS);
    return () => clearTimeout(timer);
  }, [door, askAgain]);

  const enter = (given: string) => {
    keepKey(given);
    setDoor({ is: "asking" });
    setKey(given);
    askAgain();
  };

  return (
    <ConfirmProvider>
      {door.is === "shut" && <SignIn problem={door.problem} onKey={enter} />}
      {door.is === "away" && (
        <main className="door">
          <Problem error={door.error} what="Interlock" onRetry={askAgain} />
        </main>
      )}
      {door.is === "open" && <SignedIn server={server} lineKey={key} who={door.who} onLeave={() => enter("")} onRefused={askAgain} />}
      <Toasts />
    </ConfirmProvider>
  );
}
