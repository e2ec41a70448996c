// The browser's own copy of what is being typed, for when the browser dies before the clinic has it.
// It is locked with a key that comes with the page, so that on a shared computer it is no use to anybody
// who cannot sign in as the same person; it goes when the clinic has the text, and when somebody signs out.

const NAME = "promedicine-drafts";
const STORE = "copies";
const OLDEST = 7 * 24 * 60 * 60 * 1000; // milliseconds after which a forgotten copy goes

const asked = (request) => new Promise((done, failed) => {
  request.onsuccess = () => done(request.result);
  request.onerror = () => failed(request.error);
});

async function opened() {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "id" });
  const database = await asked(request);
  database.onversionchange = () => database.close(); // another window signs out
  return database;
}

async function inStore(mode, work) {
  const database = await opened();
  try {
    const change = database.transaction(STORE, mode, { durability: "strict" });
    const answer = work(change.objectStore(STORE));
    const result = answer ? await asked(answer) : undefined;
    if (mode === "readwrite") await new Promise((done, failed) => {
      change.oncomplete = done;
      change.onabort = change.onerror = () => failed(change.error);
    });
    return result;
  } finally {
    database.close();
  }
}

const bytes = (hex) => new Uint8Array(hex.match(/../g).map((pair) => parseInt(pair, 16)));

// The copies of one note. Outside a secure context the browser keeps none.
export async function copiesOf(note, hexKey) {
  if (!window.crypto?.subtle || !window.indexedDB || !navigator.locks) return null;
  const key = await crypto.subtle.importKey("raw", bytes(hexKey), "AES-GCM", false, ["encrypt", "decrypt"]);
  const tab = crypto.randomUUID();
  const lockOf = (name) => `promedicine-draft-${name}`;
  // Held as long as this window lives: a copy whose window is gone was left behind.
  navigator.locks.request(lockOf(tab), () => new Promise(() => {}));
  const id = `${note}.${tab}`;

  return {
    async put(content) {
      const iv = crypto.getRandomValues(new Uint8Array(12));
      const locked = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, new TextEncoder().encode(JSON.stringify(content)));
      await inStore("readwrite", (store) => store.put({ id, note, tab, at: Date.now(), iv, locked }));
    },
    drop: (which = id) => inStore("readwrite", (store) => store.delete(which)),
    // What windows left behind that are gone, the newest first.
    async left() {
      const held = new Set((await navigator.locks.query()).held.map((lock) => lock.name));
      const found = [];
      for (const copy of await inStore("readonly", (store) => store.getAll())) {
        if (copy.at < Date.now() - OLDEST) await this.drop(copy.id);
        else if (copy.note === note && !held.has(lockOf(copy.tab))) {
          const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: copy.iv }, key, copy.locked).catch(() => null);
          if (plain) found.push({ id: copy.id, at: copy.at, ...JSON.parse(new TextDecoder().decode(plain)) });
        }
      }
      return found.sort((one, other) => other.at - one.at);
    },
  };
}

export async function forget(note) {
  if (!window.indexedDB) return;
  const copies = await inStore("readonly", (store) => store.getAll());
  for (const copy of copies) if (copy.note === note) await inStore("readwrite", (store) => store.delete(copy.id));
}
