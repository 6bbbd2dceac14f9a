// The filters of the board; what they say stands in the address.
import { X } from "lucide-react";
import { ToggleButton } from "react-aria-components";
import type { Changes } from "../app/params";
import { Button } from "../ui/Button";
import { Choice, optionsOf } from "../ui/Choice";
import { SearchBox } from "../ui/SearchBox";
import { type choicesOf, type Filter, isFiltered, NO_FILTER, NOBODY, PRIORITIES } from "./cards";

interface Props {
  filter: Filter;
  choices: ReturnType<typeof choicesOf>;
  wantsClosed: boolean;
  onChange(changes: Changes): void;
}

export function Filters({ filter, choices, wantsClosed, onChange }: Props) {
  const only = (name: "ready" | "blocked") => (isOn: boolean) => onChange({ only: isOn ? name : null });
  return (
    <div className="backlog-filters" role="search" aria-label="Filter the backlog">
      <SearchBox label="Search items" value={filter.text} onSearch={(q) => onChange({ q })} />
      <Choice label="Assignee" isLabelHidden value={filter.assignee} options={[{ value: "", text: "Anyone" }, { value: NOBODY, text: "Nobody" }, ...optionsOf(choices.assignees)]} onChoose={(assignee) => onChange({ assignee })} />
      <Choice label="Priority" isLabelHidden value={filter.priority ?? ""} options={[{ value: "", text: "Any priority" }, ...optionsOf(PRIORITIES)]} onChoose={(priority) => onChange({ priority })} />
      <Choice label="Milestone" isLabelHidden value={filter.milestone} options={[{ value: "", text: "Any milestone" }, ...optionsOf(choices.milestones)]} onChoose={(milestone) => onChange({ milestone })} />
      <Choice label="Tag" isLabelHidden value={filter.tag} options={[{ value: "", text: "Any tag" }, ...optionsOf(choices.tags)]} onChoose={(tag) => onChange({ tag })} />
      <div className="backlog-toggles">
        <ToggleButton className="button plain" isSelected={filter.only === "ready"} onChange={only("ready")}>
          Ready
        </ToggleButton>
        <ToggleButton className="button plain" isSelected={filter.only === "blocked"} onChange={only("blocked")}>
          Blocked
        </ToggleButton>
        <ToggleButton className="button plain" isSelected={wantsClosed} onChange={(isOn) => onChange({ closed: isOn ? "1" : null })}>
          Closed too
        </ToggleButton>
        {isFiltered(filter) && (
          <Button kind="quiet" onPress={() => onChange(NO_FILTER)}>
            <X size={14} aria-hidden /> Clear
          </Button>
        )}
      </div>
    </div>
  );
}
