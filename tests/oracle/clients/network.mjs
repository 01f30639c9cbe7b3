// The network of a phone: connections to a gateway, which stop while the phone sleeps.

import { connect, createServer } from "node:net";

export class Network {
  #pairs = new Set();

  /** The URL at which the phone reaches the gateway of this URL. */
  async open(gateway) {
    const { hostname, port, pathname } = new URL(gateway);
    const server = createServer((phone) => {
      const upstream = connect(Number(port), hostname);
      const pair = { phone, upstream };
      this.#pairs.add(pair);
      for (const [socket, other] of [[phone, upstream], [upstream, phone]]) {
        socket.pipe(other);
        socket.on("error", () => {});
        socket.on("close", () => (this.#pairs.delete(pair), pair.isAsleep || other.destroy()));
      }
    });
    await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
    return `http://127.0.0.1:${server.address().port}${pathname}`;
  }

  /** Nothing passes any more over the connections of the phone. The result ends them when the phone wakes. */
  sleep() {
    const pairs = [...this.#pairs];
    for (const pair of pairs) {
      pair.isAsleep = true;
      for (const socket of [pair.phone, pair.upstream]) socket.unpipe().pause();
    }
    return () => {
      for (const { phone, upstream } of pairs) {
        phone.resetAndDestroy();
        upstream.destroy();
      }
    };
  }
}
