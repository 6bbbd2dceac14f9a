import { ConnectAnAgent, Empty } from "../ui/Empty";
export default function NowView() {
  return <Empty title="soon"><ConnectAnAgent /></Empty>;
}
