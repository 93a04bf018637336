/** What the console says, in the reader's language: the page carries it as data. */

/** @typedef {Record<string, any>} Words */

/** @returns {Words} */
function read() {
  const data = document.getElementById("console-words");
  return data ? JSON.parse(data.textContent || "{}") : {};
}

export const words = read();
