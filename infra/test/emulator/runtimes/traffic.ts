// A client that never tries twice: sends at a constant rate over kept-alive connections and counts what was not answered with 200.
import { Agent, request } from 'node:http';
import { expect } from 'vitest';

export interface Tally {
  sent: number;
  lost: number;
  /** Bodies of the answers, counted. */
  readonly answers: Map<string, number>;
  readonly losses: Map<string, number>;
}

export interface Traffic {
  /** Resolves once so many requests more were answered with that body. */
  answered(body: string, times?: number): Promise<void>;
  stop(): Promise<Tally>;
}

export function constantTraffic(url: string, perSecond: number): Traffic {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const tally: Tally = { sent: 0, lost: 0, answers: new Map(), losses: new Map() };
  const pending = new Set<Promise<void>>();
  const timer = setInterval(() => {
    const one = send(url, agent, tally).finally(() => pending.delete(one));
    pending.add(one);
  }, 1000 / perSecond);
  const answers = (body: string) => tally.answers.get(body) ?? 0;
  return {
    async answered(body, times = 1) {
      const wanted = answers(body) + times;
      await expect.poll(() => answers(body), { interval: 10 }).toBeGreaterThanOrEqual(wanted);
    },
    async stop() {
      clearInterval(timer);
      await Promise.all(pending);
      agent.destroy();
      return tally;
    },
  };
}

function send(url: string, agent: Agent, tally: Tally): Promise<void> {
  tally.sent++;
  const lose = (why: string) => {
    tally.lost++;
    tally.losses.set(why, (tally.losses.get(why) ?? 0) + 1);
  };
  return new Promise((resolve) => {
    const outgoing = request(url, { method: 'POST', agent, headers: { 'content-length': 4 } }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => {
        if (response.statusCode === 200) tally.answers.set(body, (tally.answers.get(body) ?? 0) + 1);
        else lose(`status ${response.statusCode}`);
        resolve();
      });
      response.on('error', (error) => {
        lose(error.message);
        resolve();
      });
    });
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      lose(error.code ?? error.message);
      resolve();
    });
    outgoing.end('body');
  });
}
