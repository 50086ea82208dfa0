// What the prediction service is measured against: a stock Express 5 that parses JSON and sends it back. `node bench/serving/echo.ts`, port on standard output.
import express from 'express';

const app = express();
app.use(express.json({ limit: '32mb' }));
app.post('/predict', (request, response) => {
  response.json(request.body);
});
const server = app.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(
    `${JSON.stringify({ message: 'listening', port: typeof address === 'object' ? address?.port : 0 })}\n`,
  );
});
// Connections wait for the next slice here; Express itself leaves this to Node, whose 5 s are over sooner on a busy machine.
server.keepAliveTimeout = 60_000;
