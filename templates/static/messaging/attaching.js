// Photos and PDFs beside the words: chosen, looked at, removed again, and sent with the next message.

const SIDE = 48; // of the small picture of what was chosen

export class Attaching {
  constructor(room) {
    Object.assign(this, { room, root: room.root, files: [] });
    this.input = this.root.querySelector("#room-files");
    this.list = this.root.querySelector("[data-chosen]");
    this.button = this.root.querySelector("[data-attach]");
    this.root.querySelector("[data-file-field]").hidden = true; // the field is for pages without this script
    this.button.hidden = false;
    this.button.addEventListener("click", () => this.input.click());
    this.input.addEventListener("change", () => {
      this.add([...this.input.files]);
      this.input.value = ""; // the same file can be chosen again
    });
    room.form.elements.text.addEventListener("paste", (event) => this.pasted(event));
  }

  pasted(event) {
    const files = [...event.clipboardData.files];
    if (!files.length) return;
    event.preventDefault();
    this.add(files);
  }

  add(files) {
    const { most, largest } = this.input.dataset;
    this.say("");
    for (const file of files) {
      if (file.size > Number(largest)) this.say(`${file.name}: A file can have up to 10 MB. Please send a smaller one.`);
      else if (this.files.length >= Number(most)) this.say(`A message can carry up to ${most} files. Please send the others after it.`);
      else this.show(file);
    }
    this.room.form.elements.text.focus();
  }

  show(file) {
    const item = this.root.querySelector("[data-chosen-file]").content.firstElementChild.cloneNode(true);
    item.querySelector("span").textContent = file.name;
    const remove = item.querySelector("button");
    remove.setAttribute("aria-label", `Remove ${file.name}`);
    remove.addEventListener("click", () => this.remove(file, item));
    this.files.push(file);
    this.list.append(item);
    this.list.hidden = false;
    this.draw(file, item.querySelector("canvas"));
  }

  async draw(file, canvas) {
    const picture = file.type.startsWith("image/") && (await createImageBitmap(file).catch(() => null));
    if (!picture) return; // a PDF, or what this browser cannot show: its name is there
    const scale = SIDE / Math.min(picture.width, picture.height);
    const [width, height] = [picture.width * scale, picture.height * scale];
    canvas.getContext("2d").drawImage(picture, (SIDE - width) / 2, (SIDE - height) / 2, width, height);
    canvas.hidden = false;
    picture.close();
  }

  remove(file, item) {
    this.files = this.files.filter((one) => one !== file);
    item.remove();
    this.list.hidden = !this.files.length;
    this.say("");
    this.room.form.elements.text.focus();
  }

  // What was chosen goes with the message that is sent now.
  take() {
    const { files } = this;
    this.files = [];
    this.list.replaceChildren();
    this.list.hidden = true;
    this.say("");
    return files;
  }

  // No page can keep files while it is loaded anew: the words are back, the files are to be chosen again.
  chooseAgain(text, names) {
    const { writing, form } = this.room;
    writing.put([form.elements.text.value, text].filter(Boolean).join("\n"));
    writing.typed();
    this.say(`Your message was not sent yet. Please choose again: ${names.join(", ")}.`);
  }

  say(sentence) {
    const place = this.root.querySelector("[data-file-problem]");
    place.textContent = sentence;
    place.hidden = !sentence;
  }
}

// Sends with files, and tells how far it is; answers like fetch, or null without a connection.
export function upload(url, token, { text, client_id, answers, files }, progress) {
  const body = new FormData();
  const fields = { text, client_id, answers: answers?.sequence ?? "" };
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  for (const file of files) body.append("files", file, file.name);
  return new Promise((done) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.setRequestHeader("X-CSRFToken", token);
    request.upload.addEventListener("progress", (event) => event.lengthComputable && progress(event.loaded / event.total));
    request.addEventListener("error", () => done(null));
    request.addEventListener("abort", () => done(null));
    request.addEventListener("load", () => done(new Response(request.responseText, { status: request.status })));
    request.send(body);
  });
}
