import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket, type Server as TcpServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from '../../../emulator/runtimes/free-port.ts';
import { FrontDoor, newBackend } from '../../../emulator/runtimes/front-door.ts';
import { rules } from './fixture.ts';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function listening(server: Server | TcpServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(() => new Promise((resolve) => server.close(resolve)));
  return (server.address() as AddressInfo).port;
}

async function door(changes: Partial<typeof rules> = {}): Promise<FrontDoor> {
  const opened = await FrontDoor.open({ ...rules, ...changes });
  open.push(() => opened.close(0));
  return opened;
}

/** Answers the first request on each connection and resets it at the second, as one that closes an idle connection just then. */
async function resetsReusedConnections(): Promise<{ port: number; connections: () => number }> {
  let connections = 0;
  const server = createTcpServer((socket) => {
    const own = ++connections;
    let requests = 0;
    socket.on('error', () => {});
    socket.on('data', () => {
      if (++requests > 1) return void socket.resetAndDestroy();
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n${own}`);
    });
  });
  return { port: await listening(server), connections: () => connections };
}

const post = (url: string) => fetch(url, { method: 'POST', body: 'body' });

describe('a kept connection that the instance closes at the moment it is used', () => {
  it('costs no request: it is sent again on a new one', async () => {
    const instance = await resetsReusedConnections();
    const front = await door();
    const backend = newBackend(instance.port, () => true);
    front.route([backend]);
    open.push(async () => backend.agent.destroy());
    for (const expected of ['1', '2', '3']) expect(await (await post(front.url)).text()).toBe(expected);
    expect(instance.connections()).toBe(3);
  });

  it('is a lost request when the process is gone: it may have been processed', async () => {
    const instance = await resetsReusedConnections();
    const front = await door();
    const backend = newBackend(instance.port, () => false);
    front.route([backend]);
    open.push(async () => backend.agent.destroy());
    expect((await post(front.url)).status).toBe(200);
    expect((await post(front.url)).status).toBe(502);
  });
});

describe('the concurrency of an instance', () => {
  async function counting(): Promise<{ port: number; most: () => number }> {
    let now = 0;
    let most = 0;
    const server = createServer((_request, response) => {
      most = Math.max(most, ++now);
      setTimeout(() => {
        now--;
        response.end();
      }, 30);
    });
    return { port: await listening(server), most: () => most };
  }

  it('is never exceeded: further requests wait for their turn, over all instances', async () => {
    const instances = [await counting(), await counting()];
    const front = await door({ concurrency: 2 });
    const backends = instances.map(({ port }) => newBackend(port, () => true));
    front.route(backends);
    open.push(async () => {
      for (const backend of backends) backend.agent.destroy();
    });
    const answers = await Promise.all(Array.from({ length: 15 }, () => post(front.url).then(({ status }) => status)));
    expect(answers).toEqual(Array(15).fill(200));
    expect(instances.map(({ most }) => most())).toEqual([2, 2]);
  });
});

describe('an instance that refuses the connection', () => {
  it('does not cost a request while another is ready', async () => {
    const server = createServer((_request, response) => response.end('ready'));
    const dead = await freePort();
    const front = await door();
    const backends = [dead, await listening(server)].map((port) => newBackend(port, () => true));
    front.route(backends);
    open.push(async () => {
      for (const backend of backends) backend.agent.destroy();
    });
    for (let request = 0; request < 4; request++) expect(await (await post(front.url)).text()).toBe('ready');
  });

  it('is unavailable when it is the only one', async () => {
    const front = await door();
    front.route([]);
    expect(await (await post(front.url)).text()).toBe('none is ready');
  });
});

describe('what the meter counts', () => {
  /** An answer that `finish` completes or breaks. */
  async function behind(finish: (socket: Socket) => void, revision?: string): Promise<FrontDoor> {
    const server = createTcpServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => finish(socket));
    });
    const front = await door();
    const backend = newBackend(await listening(server), () => true);
    front.route([backend], revision);
    open.push(async () => backend.agent.destroy());
    return front;
  }
  const counted = async (front: FrontDoor) => {
    await expect.poll(() => front.meter.between(0, Number.MAX_SAFE_INTEGER).length).toBe(1);
    return front.meter.between(0, Number.MAX_SAFE_INTEGER)[0];
  };

  it('is an answer, with its time, for the revision of that moment', async () => {
    const front = await behind(
      (socket) => setTimeout(() => socket.end('HTTP/1.1 201 Created\r\ncontent-length: 1\r\n\r\na'), 30),
      'r-1',
    );
    await (await post(front.url)).text();
    const second = await counted(front);
    expect(second).toMatchObject({ revision: 'r-1', requests: 1, answers: { 2: 1 } });
    expect(second?.milliseconds).toBeGreaterThanOrEqual(25);
  });

  it('is an error of the service when its answer breaks off', async () => {
    const front = await behind((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf');
      setTimeout(() => socket.resetAndDestroy(), 30);
    });
    await expect(post(front.url).then((answer) => answer.text())).rejects.toThrow();
    expect(await counted(front)).toMatchObject({ requests: 1, answers: { 5: 1 } });
  });

  it('is an error of the service when nobody is there', async () => {
    const front = await door();
    expect((await post(front.url)).status).toBe(503);
    expect(await counted(front)).toMatchObject({ requests: 1, answers: { 5: 1 } });
  });

  it('is no error of the service when the client goes away', async () => {
    const asked = Promise.withResolvers<void>();
    const front = await behind(() => asked.resolve());
    const client = new AbortController();
    const answer = fetch(front.url, { signal: client.signal });
    await asked.promise;
    client.abort();
    await expect(answer).rejects.toThrow();
    expect(await counted(front)).toMatchObject({ requests: 1, answers: { 4: 1 } });
  });
});
