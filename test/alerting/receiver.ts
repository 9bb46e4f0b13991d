import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Message } from '../../src/alert/index.ts';

/** What a receiver does with a message. `lost answer`: it takes the message, and the sender never hears of it. */
export const moods = ['well', '500', '429', 'slow', 'garbage', 'hangs up', 'lost answer', 'down'] as const;
export type Mood = (typeof moods)[number];

/** A receiver of webhooks that has its moods. */
export class Receiver implements AsyncDisposable {
  mood: Mood = 'well';
  /** Messages that were taken, by id, in the order in which each was taken first. */
  readonly taken = new Map<string, Message>();
  /** Those that were taken again, which whoever keeps ids leaves out. */
  repeated = 0;
  attempts = 0;
  /** The same id with other words. */
  readonly changed: string[] = [];
  private server: Server | null = null;
  private port = 0;

  async open(): Promise<string> {
    this.server = createServer((request, response) => void this.answer(request, response));
    await new Promise<void>((resolve) => this.server?.listen(this.port, '127.0.0.1', resolve));
    this.port = (this.server.address() as AddressInfo).port;
    return `http://127.0.0.1:${this.port}/`;
  }

  async feel(mood: Mood): Promise<void> {
    if (mood === 'down' && this.server !== null) await this.close();
    else if (mood !== 'down' && this.server === null) await this.open();
    this.mood = mood;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private async close(): Promise<void> {
    const { server } = this;
    this.server = null;
    server?.closeAllConnections();
    await new Promise<void>((resolve) => (server === null ? resolve() : server.close(() => resolve())));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.attempts += 1;
    const pieces: Buffer[] = [];
    try {
      for await (const piece of request) pieces.push(piece as Buffer);
    } catch {
      return;
    }
    const body = Buffer.concat(pieces).toString();
    switch (this.mood) {
      case '500':
        response.writeHead(500).end('no');
        break;
      case '429':
        response.writeHead(429, { 'retry-after': '1' }).end();
        break;
      case 'garbage':
        request.socket.end('\0\u{1}garbage\r\n\r\n<html>');
        break;
      case 'hangs up':
        request.socket.destroy();
        break;
      case 'lost answer':
        this.take(body);
        request.socket.destroy();
        break;
      case 'slow':
        setTimeout(() => {
          if (request.socket.destroyed) return;
          this.take(body);
          response.writeHead(204).end();
        }, 300);
        break;
      default:
        this.take(body);
        response.writeHead(204).end();
    }
  }

  private take(body: string): void {
    const message = JSON.parse(body) as Message;
    const before = this.taken.get(message.id);
    if (before === undefined) this.taken.set(message.id, message);
    else {
      this.repeated += 1;
      if (JSON.stringify(before) !== JSON.stringify(message)) this.changed.push(message.id);
    }
  }
}
