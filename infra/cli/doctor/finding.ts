// What the doctor says about one thing: what should be, what is, and how to put it right.
export interface Finding {
  readonly area: 'machine' | 'policy' | 'workflows' | 'GitHub' | 'AWS' | 'Google Cloud' | 'Azure';
  /** `environment prod`, `git`. */
  readonly subject: string;
  /** `note`: nothing is wrong, or it can't be told; somebody may want to know. */
  readonly outcome: 'good' | 'fault' | 'note';
  readonly expected: string;
  readonly found: string;
  /** A sentence or a command; only where there is something to do. */
  readonly repair?: string;
  /** Said in one line. */
  readonly brief?: boolean;
}

export type Judged = Omit<Finding, 'area'>;

export function good(subject: string, found: string, expected = found): Judged {
  return { subject, outcome: 'good', expected, found };
}

export function fault(subject: string, expected: string, found: string, repair: string): Judged {
  return { subject, outcome: 'fault', expected, found, repair };
}

export function note(subject: string, expected: string, found: string, repair?: string): Judged {
  return { subject, outcome: 'note', expected, found, ...(repair === undefined ? {} : { repair }) };
}
