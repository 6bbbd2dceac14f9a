// Marks that turn the direction of writing, made visible where a text of agents stands beside others in one line.
const TURNING = /[\u202a-\u202e\u2066-\u2069]/g;

/** Return the text with each such mark as its code, such as "[U+202E]". */
export function plainly(text: string): string {
  return text.replace(TURNING, (mark) => `[U+${mark.charCodeAt(0).toString(16).toUpperCase()}]`);
}
