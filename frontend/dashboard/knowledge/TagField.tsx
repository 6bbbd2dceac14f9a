// A field for a tag, which suggests those that are in use.
import { useState } from "react";
import { SearchBox } from "../ui/SearchBox";
import { useTags } from "./tags";

export function TagField({ label, tag, onChange }: { label: string; tag: string; onChange(tag: string): void }) {
  const [isWanted, setWanted] = useState(false);
  const tags = useTags(isWanted);
  return <SearchBox label={label} value={tag} suggestions={tags} onFocus={() => setWanted(true)} onSearch={onChange} />;
}
