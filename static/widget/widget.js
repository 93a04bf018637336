/**
 * Chatsite's launcher: <script async src="https://HOST/widget.js" data-website="KEY"></script>
 *
 * Nothing is stored and no identifier is sent before the visitor clicks. The chat itself lives in a frame of our own
 * origin, made on the first click, where neither this page's scripts nor its styles reach it. What the two tell each
 * other goes through a MessagePort that only they hold. Nothing here needs inline script, style or markup, so it works
 * under a strict Content-Security-Policy, Trusted Types included.
 */
(() => {
  const script = /** @type {HTMLScriptElement | null} */ (document.currentScript);
  const key = script?.dataset.website;
  const page = /** @type {any} */ (window);
  if (!script || !key || page.Chatsite) return;

  const origin = new URL(script.src).origin;
  const FLAG = "chatsite";
  const RETRY = [5e3, 3e4, 12e4];
  const CSS = `
:host { all: initial !important; position: fixed !important; inset: 0 !important; z-index: 2147483000 !important; pointer-events: none !important; color-scheme: normal !important }
button, iframe { position: fixed; bottom: 20px; right: 20px; pointer-events: auto; border: 0; padding: 0; box-sizing: border-box }
.left button, .left iframe { right: auto; left: 20px }
button { width: 56px; height: 56px; border-radius: 50%; background: var(--accent); color: var(--on); cursor: pointer; box-shadow: 0 0 0 1px #fff5, 0 0 0 2px #0002, 0 4px 16px #0005; -webkit-tap-highlight-color: transparent }
button:focus-visible { outline: 3px solid #000; outline-offset: 2px; box-shadow: 0 0 0 8px #fff }
svg { width: 26px; height: 26px; fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; vertical-align: middle }
b { position: absolute; top: -4px; right: -4px; min-width: 22px; height: 22px; border-radius: 11px; padding: 0 6px; box-sizing: border-box; background: #b3221a; color: #fff; font: 600 12px/22px system-ui, sans-serif }
b:empty { display: none }
span { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }
iframe { bottom: 88px; width: 380px; height: 600px; max-width: calc(100vw - 40px); max-height: calc(100vh - 108px); border-radius: 12px; background: Canvas; box-shadow: 0 0 0 1px #0002, 0 8px 32px #0005; color-scheme: light dark }
iframe[hidden] { display: none }
@media (prefers-reduced-motion: no-preference) { iframe { animation: rise .15s ease-out } @keyframes rise { from { opacity: 0; transform: translateY(8px) } } }
@media (max-width: 480px) { .root iframe { inset: 0; width: 100%; height: 100%; height: 100dvh; max-width: none; max-height: none; border-radius: 0; animation: none } .open button { display: none } }
@media print { .root { display: none } }
`;

  /** @type {any} */
  let settings;
  /** @type {HTMLIFrameElement | undefined} */
  let frame;
  /** @type {MessagePort | undefined} */
  let port;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let shown = false;
  let failures = 0;
  let unread = 0;
  let byClick = false;
  const narrow = matchMedia("(max-width: 480px)");

  const host = document.createElement("chatsite-widget");
  const root = make("div");
  const button = make("button");
  const label = make("span");
  const badge = make("b");
  const icon = draw();
  const watcher = new MutationObserver(stay);

  /** @template {keyof HTMLElementTagNameMap} T @param {T} tag @returns {HTMLElementTagNameMap[T]} */
  function make(tag) {
    return document.createElement(tag);
  }

  function draw() {
    const SVG = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(SVG, "svg");
    const path = document.createElementNS(SVG, "path");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    svg.append(path);
    return { svg, path };
  }

  /** One flag without identifier: the next page of a running chat opens the frame again. @param {string} [value] */
  function flag(value) {
    try {
      if (value === undefined) return sessionStorage.getItem(FLAG);
      if (value) sessionStorage.setItem(FLAG, value);
      else sessionStorage.removeItem(FLAG);
    } catch {
      // Storage is blocked on this page: each page begins with the launcher alone.
    }
    return null;
  }

  async function load() {
    try {
      const answer = await fetch(`${origin}/widget/${key}/config.json`, {
        credentials: "omit",
        referrerPolicy: "no-referrer",
      });
      if (answer.ok) {
        settings = await answer.json();
        return begin();
      }
      if (answer.status === 404) return console.warn("Chatsite: there is no website with this key.");
    } catch {
      // The network or the service is away; it is asked again below.
    }
    if (failures < RETRY.length) timer = setTimeout(load, RETRY[failures++]);
  }

  function begin() {
    if (page.Chatsite !== api) return;
    const shadow = host.attachShadow({ mode: "closed" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(CSS);
    shadow.adoptedStyleSheets = [sheet];
    root.style.setProperty("--accent", settings.accent);
    root.style.setProperty("--on", settings.on_accent);
    button.type = "button";
    button.setAttribute("aria-haspopup", "dialog");
    button.onclick = () => (shown ? close() : open());
    label.setAttribute("role", "status");
    button.append(icon.svg, badge);
    root.append(button, label);
    root.onkeydown = (event) => {
      if (event.key === "Escape" && shown) close();
    };
    shadow.append(root);
    document.documentElement.append(host);
    // Frameworks that swap the page's content would take the launcher with it.
    watcher.observe(document.documentElement, { childList: true });
    visualViewport?.addEventListener("resize", fit);
    visualViewport?.addEventListener("scroll", fit);
    show(false);
    const before = flag();
    if (before) show(before === "open" && !narrow.matches, true);
    else if (byClick) open();
  }

  function stay() {
    if (!host.isConnected) document.documentElement.append(host);
  }

  /** @param {boolean} visible @param {boolean} [needed] make the frame even if it stays hidden */
  function show(visible, needed) {
    shown = visible;
    if (!frame && (visible || needed)) mount();
    if (frame) frame.hidden = !visible;
    root.className = `root ${settings.position} ${visible ? "open" : ""}`;
    icon.path.setAttribute("d", visible ? "M6 9l6 6 6-6" : "M4 5h16v11H11l-5 4v-4H4z");
    button.setAttribute("aria-expanded", String(visible));
    if (visible) unread = 0;
    count();
    fit();
    tell({ type: visible ? "shown" : "hidden" });
  }

  function count() {
    badge.textContent = unread ? String(unread > 99 ? "99+" : unread) : "";
    const name = shown ? settings.fold : settings.launcher;
    label.textContent = unread ? settings.unread.replace("{count}", unread) : "";
    button.setAttribute("aria-label", unread ? `${name}. ${label.textContent}` : name);
  }

  function mount() {
    const made = make("iframe");
    frame = made;
    made.title = settings.title;
    made.src = new URL(settings.frame, origin).href;
    made.referrerPolicy = "no-referrer";
    made.onload = () => {
      if (made !== frame) return;
      port?.close();
      const channel = new MessageChannel();
      port = channel.port1;
      port.onmessage = ({ data }) => heard(data);
      // To our own origin only: a frame that went elsewhere gets nothing.
      made.contentWindow?.postMessage({ type: "chatsite", clicked: byClick, page: about() }, new URL(made.src).origin, [
        channel.port2,
      ]);
      tell({ type: shown ? "shown" : "hidden" });
    };
    root.append(made);
  }

  /** Where the visitor is, without what query strings may carry. */
  function about() {
    let referrer = "";
    try {
      referrer = new URL(document.referrer).origin;
    } catch {
      // No referrer.
    }
    return { url: location.origin + location.pathname, title: document.title, referrer };
  }

  /** @param {any} data */
  function heard(data) {
    switch (data?.type) {
      case "fold":
        close();
        break;
      case "page":
        tell({ type: "page", page: about() });
        break;
      case "unread":
        if (!shown && Number.isInteger(data.count)) {
          unread = data.count;
          count();
        }
        break;
      case "chat":
        flag(data.on === true ? (shown ? "open" : "folded") : "");
        // Reopened by the flag alone, and there is no chat any more: back to the launcher.
        if (data.on === true) byClick = true;
        else if (!byClick) unmount();
        break;
    }
  }

  function unmount() {
    port?.close();
    frame?.remove();
    port = frame = undefined;
    show(false);
  }

  /** @param {{type: string, [field: string]: unknown}} message */
  function tell(message) {
    port?.postMessage(message);
  }

  /** Phones lay their keyboard over the page: the full-screen chat keeps to what is left. */
  function fit() {
    if (!frame || !visualViewport) return;
    const over = shown && narrow.matches && visualViewport.scale === 1;
    frame.style.height = over ? `${visualViewport.height}px` : "";
    frame.style.top = over ? `${visualViewport.offsetTop}px` : "";
  }

  function open() {
    byClick = true;
    if (!settings) return;
    show(true);
    if (flag()) flag("open");
    frame?.focus();
  }

  function close() {
    if (!settings) return;
    show(false);
    if (flag()) flag("folded");
    button.focus();
  }

  function destroy() {
    clearTimeout(timer);
    watcher.disconnect();
    visualViewport?.removeEventListener("resize", fit);
    visualViewport?.removeEventListener("scroll", fit);
    port?.close();
    host.remove();
    if (page.Chatsite === api) delete page.Chatsite;
  }

  const api = Object.freeze({ open, close, destroy });
  Object.defineProperty(page, "Chatsite", { value: api, configurable: true });
  load();
})();
