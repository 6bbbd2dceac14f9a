// What an item waits for: named, taken away, found by a few letters.
import { Plus, X } from "lucide-react";
import { useId, useState } from "react";
import { Input, Label, TextField } from "react-aria-components";
import { Link } from "wouter";
import { Button, IconButton } from "../ui/Button";
import { type Card, isBeginning, isClosed, titleOf } from "./cards";

interface Props {
  ids: readonly string[];
  /** The item itself, which cannot wait for itself. */
  own: string | null;
  cards: readonly Card[];
  addressOf(id: string): string;
  /** Without it, the list is only shown. */
  onChange?(ids: string[]): void;
}

const MOST_OFFERED = 6;

export function Blockers({ ids, own, cards, addressOf, onChange }: Props) {
  const label = useId();
  const [text, setText] = useState("");
  const known = new Map(cards.map((card) => [card.id, card]));
  return (
    <div className="backlog-blockers">
      <span className="field-label" id={label}>
        Waits for
      </span>
      {ids.length === 0 && <span className="faint">nothing</span>}
      <ul aria-labelledby={label}>
        {ids.map((id) => {
          const card = known.get(id);
          return (
            <li key={id}>
              <Link href={addressOf(id)}>{card?.title ?? id}</Link>
              <span className="faint">{card ? titleOf(card.status).toLowerCase() : "not on the board"}</span>
              {onChange && (
                <IconButton label={`Do not wait for ${card?.title ?? id}`} onPress={() => onChange(ids.filter((one) => one !== id))}>
                  <X size={14} aria-hidden />
                </IconButton>
              )}
            </li>
          );
        })}
      </ul>
      {onChange && (
        <>
          <TextField value={text} onChange={setText}>
            <Label className="sr-only">Find an item to wait for</Label>
            <Input placeholder="Find an item to wait for" />
          </TextField>
          {offered(cards, text, [...ids, ...(own ? [own] : [])]).map((card) => (
            <Button
              key={card.id}
              kind="quiet"
              onPress={() => {
                onChange([...ids, card.id]);
                setText("");
              }}
            >
              <Plus size={14} aria-hidden /> {card.title}
            </Button>
          ))}
        </>
      )}
    </div>
  );
}

/** Return the open cards whose title or id has the text. */
export function offered(cards: readonly Card[], text: string, without: readonly string[]): Card[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return [];
  const isMatch = (card: Card) => !isClosed(card.status) && !without.includes(card.id) && (card.title.toLowerCase().includes(wanted) || isBeginning(wanted, card.id));
  return cards.filter(isMatch).slice(0, MOST_OFFERED);
}
