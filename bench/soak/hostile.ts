// Clients that mean no good, and a platform that stops the service under load. Each function returns what should not have been.
import { once } from 'node:events';
import { Agent } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { openSocket, requestBytes } from '../serving/answers.ts';
import { closedLoop } from '../serving/closed-loop.ts';
import type { Asked, RunningServer } from '../serving/server.ts';
import { statusOf } from './one-request.ts';

const head = 'POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
/** Of large answers, more than the buffers of both sides hold: some megabytes, so that few clients must do. */
const unread = { clients: 6, requests: 2000 };

/** What came for it lies in buffers, before its end. */
const readsForMs = 10_000;

/** Half of them never ends a head, half never ends a body, a few never read their answers. @param asked has a large answer. @param withinMs the service's own limits, and some seconds. */
export async function slowClients(
  server: RunningServer,
  asked: Asked,
  count: number,
  withinMs: number,
): Promise<string[]> {
  const request = requestBytes(server.port, asked);
  const slow = Array.from({ length: count }, (_, index) =>
    dawdle(server.port, index < unread.clients ? 2 : index % 2, request),
  );
  const healthy = await Promise.all(Array.from({ length: 4 }, () => openSocket(server.port)));
  const { failed } = await closedLoop(healthy, request, withinMs);
  // One that does not read learns of its end only when it reads.
  for (const socket of slow) socket.resume();
  const connected = () => slow.filter((socket) => !socket.closed).length;
  for (let waited = 0; connected() > 0 && waited < readsForMs; waited += 100) await sleep(100);
  const left = connected();
  for (const socket of [...slow, ...healthy]) socket.destroy();
  const faults: string[] = [];
  if (failed > 0) faults.push(`expected every healthy client's requests to be answered; found ${failed} that were not`);
  if (left > 0) faults.push(`expected every slow client to be cut off; found ${left} of ${count} still connected`);
  return faults;
}

function dawdle(port: number, kind: number, request: Buffer): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  if (kind === 0) socket.write(head);
  else if (kind === 1) socket.write(`${head}Content-Length: 9\r\n\r\n{`);
  else socket.write(Buffer.concat(Array(unread.requests).fill(request)));
  return kind === 2 ? socket.pause() : socket.resume();
}

/** More at once than it may have in flight. */
export async function overload(
  server: RunningServer,
  asked: Asked,
  connections: number,
  milliseconds: number,
): Promise<string[]> {
  const sockets = await Promise.all(Array.from({ length: connections }, () => openSocket(server.port)));
  const statuses = new Set<number>();
  await closedLoop(sockets, requestBytes(server.port, asked), milliseconds, (status) => statuses.add(status));
  for (const socket of sockets) socket.destroy();
  const found = [...statuses].join(', ');
  const faults = [...statuses].some((status) => ![200, 429, 503].includes(status))
    ? [`expected 200, 429 or 503 only; found ${found}`]
    : [];
  if (!statuses.has(503)) faults.push(`expected some to be refused with 503; found ${found} only`);
  const agent = new Agent();
  const ended = performance.now();
  for (let inRow = 0; inRow < 20; ) {
    inRow = (await statusOf(server.port, agent, asked)) === 200 ? inRow + 1 : 0;
    if (performance.now() - ended < 5000) continue;
    faults.push('expected twenty answers in a row within 5 s of the load’s end; found fewer');
    break;
  }
  return faults;
}

/** Its balancer sends for a moment longer, as balancers do. */
export async function termination(server: RunningServer, asked: Asked): Promise<string[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  const statuses: number[] = [];
  let isSending = true;
  const client = async () => {
    while (isSending) statuses.push(await statusOf(server.port, agent, asked));
  };
  const clients = Promise.all(Array.from({ length: 8 }, client));
  await sleep(300);
  const ended = once(server.child, 'exit');
  const began = performance.now();
  server.child.kill('SIGTERM');
  await sleep(500);
  isSending = false;
  await clients;
  const [code, signal] = await ended;
  const seconds = (performance.now() - began) / 1000;
  agent.destroy();
  const faults: string[] = [];
  const lost = statuses.filter((status) => status !== 200).length;
  if (lost > 0) faults.push(`expected every request to be answered; found ${lost} of ${statuses.length} that were not`);
  if (code !== 0) faults.push(`expected it to end with 0; found ${code ?? signal}`);
  if (seconds > 8) faults.push(`expected it to end within 8 s; found ${seconds.toFixed(1)} s`);
  return faults;
}
