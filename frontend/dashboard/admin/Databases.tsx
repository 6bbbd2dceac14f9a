// The databases that agents may read.
import { useLive } from "../live/useLive";
import { Empty } from "../ui/Empty";
import { Badge, Panel } from "../ui/Panel";
import { Problem } from "../ui/Problem";
import { DatabasesDocument } from "./documents";
import { Table } from "./Table";

const NOTHING = {};
const NEVER = () => false;

export function Databases() {
  const { data, error, refresh } = useLive(DatabasesDocument, NOTHING, { touchedBy: NEVER, everySeconds: 30 });
  const databases = data?.databases ?? [];
  return (
    <Panel title="Databases" count={data ? databases.length : undefined}>
      {error && <Problem error={error} what="The databases" onRetry={refresh} />}
      {data && databases.length === 0 && (
        <Empty title="No database is registered">
          <p>
            Agents read SQL databases with <code>memory_db</code>. Register one in the server's environment, such as <code>DB_SHOP_TYPE=postgresql</code>,{" "}
            <code>DB_SHOP_HOST</code>, <code>DB_SHOP_NAME</code>, <code>DB_SHOP_USER</code>, <code>DB_SHOP_PASS</code>, and start it again.
          </p>
        </Empty>
      )}
      {databases.length > 0 && (
        <Table label="Databases" head={["Name", "Engine", "State", "Rows at most", "Time at most"]}>
          {databases.map((one) => (
            <tr key={one.name}>
              <th scope="row">{one.name}</th>
              <td data-label="Engine">{one.engine.toLowerCase()}</td>
              <td data-label="State">
                {one.fault ? (
                  <>
                    <Badge tone="bad">not usable</Badge> {one.fault}
                  </>
                ) : (
                  <Badge tone="good">usable</Badge>
                )}
              </td>
              <td data-label="Rows at most">{one.maxRows.toLocaleString()}</td>
              <td data-label="Time at most">{one.timeoutSeconds} s</td>
            </tr>
          ))}
        </Table>
      )}
    </Panel>
  );
}
