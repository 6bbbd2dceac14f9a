// What was answered the last time, so that a view shows it at once when it is opened again; the newest few hundred.

const MOST = 300;

export class Known {
  private readonly answers = new Map<number, unknown>();

  keep(key: number, answer: unknown): void {
    this.answers.delete(key);
    this.answers.set(key, answer);
    if (this.answers.size > MOST) this.answers.delete(this.answers.keys().next().value as number);
  }

  of(key: number): unknown {
    return this.answers.get(key);
  }

  clear(): void {
    this.answers.clear();
  }
}
