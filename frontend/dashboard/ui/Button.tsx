// Buttons as the whole page has them.
import { Button as AriaButton, type ButtonProps, Tooltip, TooltipTrigger } from "react-aria-components";

type Kind = "primary" | "plain" | "quiet" | "danger";

export function Button({ kind = "plain", ...given }: Omit<ButtonProps, "className"> & { kind?: Kind }) {
  return <AriaButton {...given} className={`button ${kind}`} />;
}

/** A button that shows only an icon; `label` is its name and its tooltip. */
export function IconButton({ label, kind = "quiet", ...given }: Omit<ButtonProps, "className"> & { label: string; kind?: Kind }) {
  return (
    <TooltipTrigger delay={400}>
      <AriaButton {...given} aria-label={label} className={`button icon ${kind}`} />
      <Tooltip className="tooltip">{label}</Tooltip>
    </TooltipTrigger>
  );
}
