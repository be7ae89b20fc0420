// Where keys are kept between visits. Private keys are non-extractable: the store holds handles, and
// script that runs in the page can use them but cannot carry them away.

const OBJECTS = "objects";

/**
 * A store in IndexedDB. Values are structured clones, so a `CryptoKey` keeps being non-extractable.
 * @param {string} [name] of the database
 */
export function indexedDbStore(name = "corsac-rtc") {
  let opened = null;
  const open = () => (opened ??= openDatabase(name));
  const run = async (mode, act) => {
    const transaction = (await open()).transaction(OBJECTS, mode);
    return settled(act(transaction.objectStore(OBJECTS)));
  };
  return {
    get: (key) => run("readonly", (objects) => objects.get(key)),
    put: async (key, value) => void (await run("readwrite", (objects) => objects.put(value, key))),
    delete: async (key) => void (await run("readwrite", (objects) => objects.delete(key))),
    // Two tabs may make a key at the same time: the first stays, and both use it.
    add: async (key, value) => {
      try {
        await run("readwrite", (objects) => objects.add(value, key));
        return value;
      } catch (error) {
        if (error?.name !== "ConstraintError") throw error;
        return run("readonly", (objects) => objects.get(key));
      }
    },
  };
}

/** A store that forgets with the page: for private windows and tests. */
export function memoryStore() {
  const objects = new Map();
  return {
    get: async (key) => objects.get(key),
    put: async (key, value) => void objects.set(key, value),
    delete: async (key) => void objects.delete(key),
    add: async (key, value) => {
      if (!objects.has(key)) objects.set(key, value);
      return objects.get(key);
    },
  };
}

function openDatabase(name) {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(OBJECTS);
  return settled(request);
}

function settled(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
