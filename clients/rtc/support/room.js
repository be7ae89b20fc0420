// A room with users in it: provider, server and clock, and clients that join.

import { connect, Identity, memoryStore } from "../src/index.js";
import { FakeClock, once } from "./clock.js";
import { FakePeerConnection } from "./fake-rtc.js";
import { Provider } from "./provider.js";
import { FakeServer } from "./server.js";

export class Room {
  static async make() {
    const room = new Room();
    room.clock = new FakeClock();
    room.provider = await Provider.make({ clock: room.clock });
    room.server = await FakeServer.make(room.clock);
    return room;
  }

  /** The options of a client; `changes` replace some. */
  async options(sub, { claims = {}, ...changes } = {}) {
    const identity = changes.identity ?? (await Identity.load({ store: memoryStore(), RTCPeerConnection: FakePeerConnection }));
    return {
      audience: "signal",
      clock: this.clock,
      identity,
      jwks: this.provider.jwks,
      onConsent: async () => true,
      open: this.server.open,
      random: () => 0.5,
      RTCPeerConnection: FakePeerConnection,
      tokens: this.provider.tokensFor(sub, claims),
      ...changes,
    };
  }

  /** A user comes in. */
  async join(sub, changes) {
    return connect(await this.options(sub, changes));
  }

  /** Two users, and a call of the first to the second that was accepted. */
  async call({ prepare = async () => {}, answer = async () => {}, alice = {}, bob = {} } = {}) {
    const a = await this.join("alice", alice);
    const b = await this.join("bob", bob);
    const ringing = once(b, "invite");
    const outgoing = await a.invite(b.id);
    await prepare(outgoing);
    const invitation = await ringing;
    const incoming = await invitation.accept();
    await answer(incoming);
    return { a, b, outgoing, incoming, invitation };
  }
}
