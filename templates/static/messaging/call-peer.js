// The connection of this page with one page of the other side: found, kept up, found again.
// "Perfect negotiation" (W3C WebRTC 1.0, 10.7): both may offer; when both do at once, the polite one gives way.

const HEARS = 5000; // without sound for so long, the other is not there, whatever the connection believes
const PATIENCE = 2500; // before a broken connection is looked for anew; short breaks heal by themselves

export class Peer {
  // `isHost`: begins, and is not polite. `send(content)` passes a signal on. `changed(isConnected)`.
  constructor({ ice, isHost, devices, send, changed }) {
    this.isHost = isHost;
    this.devices = devices;
    this.send = send;
    this.changed = changed;
    this.isConnected = false;
    this.isOffering = false;
    this.ignores = false;
    this.heardAt = 0;
    this.packets = 0;
    this.early = [];
    this.remote = new MediaStream();
    this.line = new RTCPeerConnection(ice);
    this.line.addEventListener("negotiationneeded", () => this.offer());
    this.line.addEventListener("icecandidate", ({ candidate }) => candidate && this.send({ candidate: candidate.toJSON() }));
    this.line.addEventListener("track", ({ track }) => this.remote.addTrack(track));
    this.line.addEventListener("connectionstatechange", () => this.look());
    this.timer = setInterval(() => this.look(), 1000);
    // The host alone makes the two lines, so that there are two and not four; the other fills what it is offered.
    if (isHost) for (const kind of ["audio", "video"]) this.line.addTransceiver(devices[kind] ?? kind, { direction: "sendrecv" });
  }

  async offer() {
    try {
      this.isOffering = true;
      await this.line.setLocalDescription();
      this.send({ description: this.line.localDescription.toJSON() });
    } catch {
      // The connection was closed meanwhile.
    } finally {
      this.isOffering = false;
    }
  }

  async take({ description, candidate }) {
    if (description) return this.takeDescription(description);
    if (!this.line.remoteDescription) return this.early.push(candidate);
    return this.line.addIceCandidate(candidate).catch(() => {}); // one that came too late, or of an offer we ignored
  }

  async takeDescription(description) {
    const collides = description.type === "offer" && (this.isOffering || this.line.signalingState !== "stable");
    this.ignores = this.isHost && collides;
    if (this.ignores) return;
    await this.line.setRemoteDescription(description);
    for (const candidate of this.early.splice(0)) await this.line.addIceCandidate(candidate).catch(() => {});
    if (description.type !== "offer") return;
    await this.fill();
    await this.line.setLocalDescription();
    this.send({ description: this.line.localDescription.toJSON() });
  }

  async fill() {
    for (const one of this.line.getTransceivers()) {
      one.direction = "sendrecv";
      await one.sender.replaceTrack(this.devices[one.receiver.track.kind]);
    }
  }

  // A camera that is turned off, on or changed needs no new negotiation.
  async replace(kind) {
    const found = this.line.getTransceivers().find((one) => one.receiver.track.kind === kind);
    await found?.sender.replaceTrack(this.devices[kind]).catch(() => {});
  }

  // Whether sound or picture of the other side arrives here: this, and nothing less, counts as connected.
  async look() {
    const packets = await this.received();
    const now = Date.now();
    if (packets > this.packets) this.heardAt = now;
    this.packets = packets;
    const state = this.line.connectionState;
    const isConnected = state === "connected" && now - this.heardAt < HEARS;
    if (isConnected !== this.isConnected) {
      this.isConnected = isConnected;
      this.changed(isConnected);
    }
    if (state === "connected") this.brokenAt = null;
    else if (state === "failed" || state === "disconnected") this.mend(now);
  }

  mend(now) {
    this.brokenAt ??= now;
    if (now - this.brokenAt < PATIENCE || now - (this.mendedAt ?? 0) < 2 * PATIENCE) return;
    this.restart();
  }

  // Find each other anew: another network, another address.
  restart() {
    if (this.line.signalingState === "closed") return;
    this.mendedAt = Date.now();
    this.line.restartIce();
  }

  async received() {
    let packets = 0;
    const stats = await this.line.getStats().catch(() => []);
    stats.forEach((one) => {
      if (one.type === "inbound-rtp") packets += one.packetsReceived ?? 0;
    });
    return packets;
  }

  close() {
    clearInterval(this.timer);
    this.line.close();
  }
}
