// One of several, in the browser's own list.
import { useId } from "react";

export interface Option<V extends string> {
  value: V;
  text: string;
}

/** Return options of values; their texts are those of an enumeration's values in small letters unless `textOf` says them. */
export function optionsOf<V extends string>(values: readonly V[], textOf: (value: V) => string = spoken): Option<V>[] {
  return values.map((value) => ({ value, text: textOf(value) }));
}

function spoken(value: string): string {
  return value === value.toUpperCase() ? value.toLowerCase().replaceAll("_", " ") : value;
}

interface Props<V extends string> {
  label: string;
  value: V;
  options: readonly Option<V>[];
  onChoose(value: V): void;
  /** The label is told to screen readers only; the options then speak for themselves. */
  isLabelHidden?: boolean;
  isDisabled?: boolean;
}

export function Choice<V extends string>({ label, value, options, onChoose, isLabelHidden, isDisabled }: Props<V>) {
  const id = useId();
  const isKnown = options.some((option) => option.value === value);
  return (
    <div className="choice">
      <label htmlFor={id} className={isLabelHidden ? "sr-only" : "field-label"}>
        {label}
      </label>
      <select id={id} value={value} disabled={isDisabled} onChange={(event) => onChoose(event.target.value as V)}>
        {!isKnown && <option value={value}>{value}</option>}
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.text}
          </option>
        ))}
      </select>
    </div>
  );
}
