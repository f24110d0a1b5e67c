/**
 * Node's http, by the way that loads nothing else: as an ES module it is read out whole, and with its `WebSocket` comes Node's other HTTP
 * client (undici), some 15 ms and 2 MiB that nobody here has a use for. Types may be imported from node:http itself.
 */
export const { Agent, createServer, IncomingMessage, METHODS, request } = process.getBuiltinModule("node:http");
