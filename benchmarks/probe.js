// What the benchmark knows of a page from its inside; it is there before the page's own scripts.
(() => {
  const probe = {
    events: 0,
    live: null,
    painted: null,
    /** Put there by the benchmark: the texts that show that a view has its data. */
    wanted: [],
    longTasks: [],
    /** Wait until this returns something; it is asked in each frame. */
    until(found) {
      return new Promise((resolve) => {
        const look = () => {
          const it = found();
          if (it) resolve(it);
          else requestAnimationFrame(look);
        };
        look();
      });
    },
    /** Return when the page painted first, and when it was live with what is wanted, in ms. */
    opened: () => probe.until(() => probe.painted && probe.live && [probe.painted, probe.live]),
    /** Return the gaps between frames, in ms, and the long tasks, over so many seconds; `each` is called before each frame. */
    frames(seconds, each = () => {}) {
      return new Promise((resolve) => {
        const gaps = [];
        const began = performance.now();
        let before = null;
        const step = (now) => {
          if (before !== null) gaps.push(now - before);
          before = now;
          each(now - began);
          if (now - began < seconds * 1000) requestAnimationFrame(step);
          else resolve({ gaps, longTasks: probe.longTasks.filter(([at]) => at >= began).map(([, taken]) => taken) });
        };
        requestAnimationFrame(step);
      });
    },
    /** Scroll a box down and up at a steady pace, and return its frames. */
    scroll(selector, seconds, pixelsASecond) {
      const box = document.querySelector(selector);
      const height = box.scrollHeight - box.clientHeight;
      return probe.frames(seconds, (at) => {
        const way = ((at / 1000) * pixelsASecond) % (2 * height);
        box.scrollTop = way < height ? way : 2 * height - way;
      });
    },
    /** Return the time of day in ms at which an element that `selector` names holds `text` and is drawn. */
    async seen(selector, text) {
      await probe.until(() => [...document.querySelectorAll(selector)].some((one) => one.textContent.includes(text)));
      await new Promise(requestAnimationFrame);
      return performance.timeOrigin + performance.now();
    },
    /** Return after how many ms lists of cards held `total` of them, unseen ones included. */
    async whole(total) {
      const read = () => [...document.querySelectorAll(".backlog-cards")].map((one) => parseInt(one.ariaLabel.match(/(\d+) cards/)[1]));
      await probe.until(() => read().reduce((sum, one) => sum + one, 0) >= total);
      return performance.now();
    },
  };
  window.probe = probe;

  // Every event is a message of this kind on the one socket of the page.
  window.WebSocket = class extends WebSocket {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", ({ data }) => {
        if (data.includes('"next"')) probe.events += 1;
      });
    }
  };
  new PerformanceObserver((list) => {
    for (const { name, startTime } of list.getEntries()) if (name === "first-contentful-paint") probe.painted = startTime;
  }).observe({ type: "paint", buffered: true });
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) probe.longTasks.push([startTime, duration]);
    if (probe.longTasks.length > 1_000) probe.longTasks.splice(0, 500);
  }).observe({ type: "longtask", buffered: true });

  probe.until(() => {
    const text = document.querySelector("main")?.textContent ?? "";
    const isLive = document.querySelector(".live-state")?.dataset.state === "live";
    if (isLive && probe.wanted.every((one) => text.includes(one))) probe.live = performance.now();
    return probe.live;
  });
})();
