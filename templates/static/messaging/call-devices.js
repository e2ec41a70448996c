// Camera and microphone of this side: asked for, shown, chosen, turned off and on.

// Why there is no sound or picture, in words; `what` is "microphone" or "camera".
export function explain(error, what) {
  if (!navigator.mediaDevices) return "This browser can only call over a secure connection (https).";
  switch (error?.name) {
    case "NotAllowedError":
      return `Your browser may not use the ${what}. Open the settings beside the address of this page, allow the ${what}, then try again.`;
    case "NotFoundError":
    case "OverconstrainedError":
      return `No ${what} was found. Connect one, then try again.`;
    case "NotReadableError":
    case "AbortError":
      return `The ${what} is in use by another program. Close that program, then try again.`;
    default:
      return `The ${what} does not work. Try another one, or another browser.`;
  }
}

export class Devices {
  constructor() {
    this.stream = new MediaStream();
    this.problems = {};
    this.chosen = {};
    this.isMuted = false;
  }

  get audio() {
    return this.stream.getAudioTracks()[0] ?? null;
  }

  get video() {
    return this.stream.getVideoTracks()[0] ?? null;
  }

  get modality() {
    return this.video ? "video" : "audio";
  }

  // A track of `kind`, from the device that was chosen; the one before is given back.
  async open(kind) {
    const what = kind === "audio" ? "microphone" : "camera";
    const picture = { width: { ideal: 1280 }, height: { ideal: 720 }, facingMode: "user" };
    const sound = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
    const wanted = kind === "audio" ? sound : picture;
    if (this.chosen[kind]) wanted.deviceId = { exact: this.chosen[kind] };
    this.close(kind);
    try {
      const found = await navigator.mediaDevices.getUserMedia({ [kind]: wanted });
      const track = found.getTracks()[0];
      if (kind === "audio") track.enabled = !this.isMuted;
      track.addEventListener("ended", () => this.lost(kind, what, track));
      this.stream.addTrack(track);
      delete this.problems[kind];
      return track;
    } catch (error) {
      this.problems[kind] = explain(error, what);
      return null;
    }
  }

  lost(kind, what, track) {
    if (!this.stream.getTracks().includes(track)) return;
    this.stream.removeTrack(track);
    this.problems[kind] = `The ${what} was unplugged, or taken away by the system.`;
    this.onlost?.(kind);
  }

  close(kind) {
    for (const track of this.stream.getTracks().filter((one) => one.kind === kind)) {
      this.stream.removeTrack(track);
      track.stop();
    }
  }

  closeAll() {
    this.close("audio");
    this.close("video");
  }

  mute(isMuted) {
    this.isMuted = isMuted;
    if (this.audio) this.audio.enabled = !isMuted;
  }

  // What can be chosen of `kind`, by name; browsers tell names only after they were allowed.
  async list(kind) {
    const all = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
    const found = all.filter((one) => one.kind === `${kind}input` && one.deviceId);
    const what = kind === "audio" ? "Microphone" : "Camera";
    return found.map((one, place) => ({ id: one.deviceId, name: one.label || `${what} ${place + 1}` }));
  }
}

// Shows in `meter` how loud the microphone of `devices` is; gives back how to stop.
export function showLevel(devices, meter) {
  if (!devices.audio || !window.AudioContext) return () => {};
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = 512;
  context.createMediaStreamSource(new MediaStream([devices.audio])).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    const loudness = Math.sqrt(samples.reduce((sum, one) => sum + one * one, 0) / samples.length);
    meter.value = Math.min(1, loudness * 4);
  }, 100);
  return () => {
    clearInterval(timer);
    context.close().catch(() => {});
  };
}
