// A part of the page that fails takes no other part with it.
import { Component, type ReactNode } from "react";
import { Button } from "./Button";

interface Props {
  what: string;
  children: ReactNode;
}

export class ErrorBoundary extends Component<Props, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <div className="problem" role="alert">
        <p>
          <strong>{this.props.what} failed.</strong> {error.message}
        </p>
        <Button onPress={() => this.setState({ error: null })}>Try again</Button>
      </div>
    );
  }
}
