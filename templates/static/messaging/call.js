// The page of a call: try camera and microphone, wait to be let in, speak, hang up.

import { Devices, showLevel } from "./call-devices.js";
import { Line } from "./call-line.js";
import { Peer } from "./call-peer.js";
import { live } from "./live.js";

class Call {
  constructor(root) {
    this.root = root;
    this.isHost = "host" in root.dataset;
    this.other = root.dataset.other;
    this.line = new Line(root);
    this.devices = new Devices();
    this.devices.onlost = () => this.changeDevices();
    this.state = JSON.parse(root.querySelector("#call-state").textContent);
    this.isIn = false;
    this.taken = 0;
    this.peer = null;
    this.prepareButtons();
    this.events = live(root.dataset.eventsUrl, root.dataset.lastEvent);
    this.events.listen({ event: (kind, data) => this.event(kind, data), catchUp: () => this.refresh() });
    addEventListener("pagehide", () => this.vanish());
    addEventListener("pageshow", (event) => event.persisted && location.reload());
    addEventListener("beforeunload", (event) => this.peer?.isConnected && event.preventDefault());
    addEventListener("online", () => this.networkChanged());
    navigator.connection?.addEventListener?.("change", () => this.networkChanged());
    navigator.mediaDevices?.addEventListener?.("devicechange", () => this.listDevices());
    this.check();
  }

  find(name) {
    return this.root.querySelector(`[data-${name}]`);
  }

  // Before: do camera and microphone work?

  async check() {
    await this.devices.open("audio");
    await this.devices.open("video");
    await this.listDevices();
    this.find("join").disabled = false;
    this.changeDevices();
  }

  async listDevices() {
    for (const kind of ["audio", "video"]) {
      const field = this.find(`${kind}-device`);
      const found = await this.devices.list(kind);
      field.replaceChildren(...found.map((one) => new Option(one.name, one.id)));
      field.value = this.devices[kind]?.getSettings().deviceId ?? field.value;
      field.disabled = found.length === 0;
    }
  }

  changeDevices() {
    this.stopMeter?.();
    this.stopMeter = showLevel(this.devices, this.find("level"));
    this.find("self").srcObject = this.devices.stream.active ? this.devices.stream : null;
    const { audio, video } = this.devices.problems;
    const problem = this.find("problem");
    problem.hidden = !audio && !video;
    this.find("problem-audio").textContent = audio ?? "";
    this.find("problem-video").textContent = video ? `${video} ${audio ? "" : "You can join with your voice alone."}` : "";
    this.peer?.replace("audio");
    this.peer?.replace("video");
    this.show();
    if (this.isIn) this.beat();
  }

  prepareButtons() {
    const on = (name, act) => this.find(name).addEventListener("click", act);
    on("retry", () => this.check());
    on("join", () => this.join());
    on("admit", () => this.admit());
    on("mute", () => this.mute());
    on("camera", () => this.turnCamera());
    on("hang-up", () => this.hangUp());
    for (const kind of ["audio", "video"]) {
      this.find(`${kind}-device`).addEventListener("change", async ({ target }) => {
        this.devices.chosen[kind] = target.value;
        await this.devices.open(kind);
        this.changeDevices();
      });
    }
  }

  mute() {
    this.devices.mute(!this.devices.isMuted);
    this.say(this.devices.isMuted ? "Your microphone is off." : "Your microphone is on.");
    this.show();
  }

  async turnCamera() {
    if (this.devices.video) this.devices.close("video");
    else await this.devices.open("video");
    if (!this.devices.problems.video) this.say(this.devices.video ? "Your camera is on." : "Your camera is off.");
    this.changeDevices();
  }

  // Coming and going

  async join() {
    if (!this.devices.audio) await this.check();
    if (!this.devices.audio) return; // the page says what is wrong
    this.leaveBehind();
    const told = await this.line.post("join", { modality: this.devices.modality });
    if (!told || told.error) return this.say(told?.error ?? "The connection is away. Please try again.");
    this.ice = told.ice;
    this.line.number = told.signal;
    this.isIn = true;
    this.ended = "";
    this.pulse = setInterval(() => this.beat(), Number(this.root.dataset.beat));
    navigator.wakeLock?.request("screen").then((lock) => (this.lock = lock)).catch(() => {});
    this.take(told);
    this.find("status").focus(); // the button that was pressed is gone
  }

  async admit() {
    const told = await this.line.post("admit");
    if (!told || told.error) return this.say(told?.error ?? "The connection is away. Please try again.");
    this.take(told);
    this.find("status").focus();
  }

  async hangUp() {
    this.isIn = false;
    this.leaveBehind();
    await this.line.post("leave");
    this.over("You hung up.");
  }

  // The page goes away: say so at once, rather than be missed after a while. It may come back (a reload).
  vanish() {
    if (!this.isIn) return;
    this.line.post("beat", { is_connected: false, modality: this.devices.modality }, { keepalive: true });
    this.peer?.close();
  }

  leaveBehind() {
    clearInterval(this.pulse);
    this.lock?.release().catch(() => {});
    this.lock = null;
    this.peer?.close();
    this.peer = null;
    this.line.forget();
  }

  over(words) {
    this.isIn = false;
    this.leaveBehind();
    this.devices.closeAll(); // the lamp of the camera goes out
    this.ended = words;
    this.say("");
    this.changeDevices();
    this.find("status").focus();
    this.refresh();
  }

  // What goes on

  event(kind, data) {
    if (data.call_in !== this.root.dataset.room) return;
    if (kind === "call") this.refresh();
    if (kind === "signal") this.fetchSignals();
  }

  async refresh() {
    const told = await this.line.state();
    if (told && !told.error) this.take(told);
    else if (told?.status === 401) this.events.signedOut();
    else if (told?.error) this.say(told.error);
  }

  async beat() {
    const told = await this.line.post("beat", {
      is_connected: this.peer?.isConnected ?? false,
      modality: this.devices.modality,
    });
    this.isCutOff = told === null;
    if (told && !told.error) this.take(told);
    else if (told?.status === 409) this.refused(told.error);
    else this.show();
  }

  async refused(words) {
    const told = await this.line.state();
    // It may be that we were away for so long that the call ended without us.
    if (told && !told.error && told.phase === "none") this.take(told);
    else this.over(words);
  }

  take(state) {
    if (state.asked < this.taken) return; // an older answer that was slow
    this.taken = state.asked;
    this.state = { ...this.state, ...state };
    if (this.isIn && (state.phase === "none" || !this.isMine())) {
      return this.over(state.phase === "none" ? "The call has ended." : "You are in this call on another page or device.");
    }
    this.meet();
    this.show();
  }

  isMine() {
    return this.state.page_id === this.line.pageId;
  }

  // One connection for each page of the other side.
  meet() {
    const { phase, peer } = this.state;
    const there = this.isIn && phase === "running" && peer?.is_here ? peer.page_id : null;
    if (this.peer && this.peerPage !== peer?.page_id) {
      this.peer.close();
      this.peer = null;
      this.line.forget();
    }
    if (there && !this.peer) this.meetPage(there);
    if (this.isIn && this.state.signal > this.line.number) this.fetchSignals();
  }

  meetPage(page) {
    this.peerPage = page;
    this.peer = new Peer({
      ice: this.ice,
      isHost: this.isHost,
      devices: this.devices,
      send: (content) => this.peerPage === page && this.line.signal(page, content),
      changed: () => {
        this.beat();
        this.show();
      },
    });
    this.find("remote").srcObject = this.peer.remote;
  }

  async fetchSignals() {
    this.wantsSignals = true;
    if (!this.isIn || this.isFetching) return;
    this.isFetching = true;
    while (this.wantsSignals) {
      this.wantsSignals = false;
      for (const { from, content } of await this.line.signals()) {
        if (from !== this.peerPage || !this.peer) await this.refresh();
        if (from === this.peerPage) await this.peer?.take(content).catch(() => this.peer?.restart());
      }
    }
    this.isFetching = false;
  }

  networkChanged() {
    if (!this.isIn) return;
    this.beat();
    this.peer?.restart();
  }

  // What is seen

  say(words) {
    this.find("said").textContent = words;
  }

  // What counts: each hears the other, and the clinic hears it of both.
  areTogether() {
    const { peer } = this.state;
    return Boolean(this.peer?.isConnected && peer?.is_here && peer.is_connected);
  }

  words() {
    const { phase, peer } = this.state;
    if (!this.isIn) return this.ended ?? "";
    if (phase === "waiting") {
      if (this.isHost) return peer?.is_here ? `${this.other} is waiting to be let in.` : `${this.other} has not come in yet.`;
      return "You are in the waiting room. The doctor sees that you are here, and will let you in. Please stay on this page.";
    }
    if (this.isCutOff) return "Your connection is away. The call goes on by itself when it is back.";
    if (this.areTogether()) return peer.modality === "audio" ? `You are connected. ${this.other}’s camera is off.` : "You are connected.";
    if (!peer?.is_here || this.wereTogether) return `The connection with ${this.other} is interrupted. Please wait: it is being restored.`;
    return "Connecting…";
  }

  show() {
    const { phase, peer, beside = {} } = this.state;
    this.wereTogether = this.isIn && (this.areTogether() || this.wereTogether);
    this.root.dataset.phase = this.isIn ? phase : "before";
    this.find("check").hidden = this.isIn;
    this.find("join").hidden = this.isIn;
    this.find("join").textContent = this.ended ? "Join again" : "Join the call";
    this.find("admit").hidden = !(this.isIn && this.isHost && phase === "waiting" && peer?.is_here);
    this.find("admit").textContent = `Let ${this.other} in`;
    this.find("hang-up").hidden = !this.isIn;
    this.find("hang-up").textContent = phase === "waiting" ? "Leave" : "Hang up";
    this.find("mute").textContent = this.devices.isMuted ? "Unmute" : "Mute";
    this.find("camera").textContent = this.devices.video ? "Turn camera off" : "Turn camera on";
    this.find("stage").dataset.picture = this.peer?.isConnected && peer?.modality === "video" ? "on" : "off";
    const words = this.words();
    if (this.find("state-words").textContent !== words) this.find("state-words").textContent = words;
    this.showBeside(beside);
  }

  showBeside(beside) {
    const rings = this.find("rings");
    if (rings) rings.hidden = !beside.rings || this.isIn;
    const phone = this.find("phone");
    if (!phone) return;
    phone.hidden = !beside.phone;
    this.find("phone-start").action = beside.start_url ?? "";
    this.find("phone-stop").action = beside.stop_url ?? "";
    this.find("phone-start").hidden = beside.rings;
    this.find("phone-stop").hidden = !beside.rings;
    this.find("phone-start-button").textContent = `Ring ${this.other} on ${beside.phone}`;
    this.find("phone-number").href = `tel:${beside.phone}`;
    this.find("phone-number").textContent = beside.phone ?? "";
    const back = this.find("back");
    if (beside.back_url) back.href = beside.back_url;
    back.hidden = !beside.back_url;
  }
}

const root = document.querySelector("[data-call]");
if (root) new Call(root);
