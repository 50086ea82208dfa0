// What the stall of many rows is measured against: a server that parses JSON and does nothing with it. `node bench/serving/parser.ts`, port on standard output.
import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';

const server = createServer(async (request, response) => {
  const body = await buffer(request);
  if (body.length > 0) JSON.parse(body.toString('utf8'));
  response.end('{}');
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  process.stdout.write(`${JSON.stringify({ message: 'listening', port })}\n`);
});
