// A field to search in: it tells what was typed once the typing rests, or at Enter.
import "./search-box.css";
import { Search } from "lucide-react";
import { useEffect, useId, useRef, useState } from "react";
import { Input, SearchField } from "react-aria-components";

interface Props {
  label: string;
  value: string;
  placeholder?: string;
  /** What may be meant, offered while it is typed. */
  suggestions?: readonly string[];
  onFocus?(): void;
  onSearch(text: string): void;
}

const REST_MS = 300;

export function SearchBox({ label, value, placeholder, suggestions, onFocus, onSearch }: Props) {
  const list = useId();
  const [text, setText] = useState(value);
  const told = useRef(value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    if (value === told.current) return;
    told.current = value;
    setText(value);
  }, [value]);
  useEffect(() => () => clearTimeout(timer.current), []);

  const tell = (typed: string) => {
    clearTimeout(timer.current);
    if (typed.trim() === told.current) return;
    told.current = typed.trim();
    onSearch(told.current);
  };
  const type = (typed: string) => {
    setText(typed);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => tell(typed), REST_MS);
  };
  return (
    <SearchField className="search-box" value={text} onChange={type} onSubmit={tell} onClear={() => tell("")} aria-label={label}>
      <Search size={16} aria-hidden />
      <Input placeholder={placeholder ?? label} maxLength={400} list={suggestions && list} onFocus={onFocus} />
      {suggestions && (
        <datalist id={list}>
          {suggestions.map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
      )}
    </SearchField>
  );
}
