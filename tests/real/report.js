// Looks at the report as a person would: can it be read, is what can be used named. Its value is what was found.
(() => {
  const style = (element) => getComputedStyle(element);

  /** Channels of a colour from 0 to 1, and its opacity. */
  const colour = (text) => {
    const [r, g, b, a = 1] = text.match(/[\d.]+/g).map(Number);
    return { rgb: [r / 255, g / 255, b / 255], a };
  };
  const over = (front, back, opacity) => front.map((channel, i) => channel * opacity + back[i] * (1 - opacity));
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  /** The contrast of two colours, 1 to 21, as WCAG 2.2 defines it. */
  const contrast = (a, b) => {
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  };
  /** The first opaque colour behind an element. */
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const found = colour(style(at).backgroundColor);
      if (found.a === 1) return found.rgb;
    }
    return [1, 1, 1];
  };
  const least = (all) => all.reduce((a, b) => (b.ratio < a.ratio ? b : a), { ratio: 21, what: "" });

  for (const details of document.querySelectorAll("details")) details.open = true;

  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim();
    const element = walker.currentNode.parentElement;
    if (!text || element.closest("title, style")) continue;
    const of = style(element);
    const ink = colour(element.closest("svg") ? of.fill : of.color).rgb;
    texts.push({ ratio: contrast(ink, behind(element)), what: text.slice(0, 40) });
  }

  // What pictures say by shapes; the band and the axis only lie behind them.
  const shapes = [...document.querySelectorAll("svg .bar, svg .out, svg .flow, svg .edge")].map((shape) => {
    const of = style(shape);
    const ink = colour(shape.matches(".flow, .edge") ? of.stroke : of.fill).rgb;
    const back = behind(shape);
    return { ratio: contrast(over(ink, back, Number(of.opacity)), back), what: shape.getAttribute("class") };
  });

  // What lies outside a picture is cut off, and letters below 9 pixels are no letters.
  const pictures = [...document.querySelectorAll("svg, img")];
  const letters = [...document.querySelectorAll("svg text")].map((text) => {
    const picture = text.ownerSVGElement;
    const [inner, outer] = [text.getBoundingClientRect(), picture.getBoundingClientRect()];
    const size = (parseFloat(style(text).fontSize) * outer.width) / picture.viewBox.baseVal.width;
    const cut = inner.left < outer.left - 1 || inner.right > outer.right + 1 || inner.bottom > outer.bottom + 1;
    return { cut, size, what: text.textContent };
  });

  const ids = new Set([...document.querySelectorAll("[id]")].map((element) => element.id));
  const links = [...document.querySelectorAll("a")].map((link) => link.getAttribute("href"));
  const scrolling = [...document.querySelectorAll("body *")].filter((element) => /auto|scroll/.test(style(element).overflowX));
  const headings = [...document.querySelectorAll("h1, h2, h3")].map((heading) => heading.tagName);
  return {
    texts: texts.length,
    text: least(texts),
    shapes: shapes.length,
    shape: least(shapes),
    cut: letters.filter((letter) => letter.cut).map((letter) => letter.what),
    letter: Math.min(...letters.map((letter) => letter.size)),
    unnamed: pictures.filter((one) => one.getAttribute("role") !== "img" || !(one.getAttribute("aria-label")?.length > 20)).length,
    pictures: pictures.length,
    links: links.length,
    astray: links.filter((href) => !href?.startsWith("#") || !ids.has(href.slice(1))),
    twice: document.querySelectorAll("[id]").length - ids.size,
    scrolling: scrolling.length,
    unreachable: scrolling.filter((element) => element.tabIndex < 0 || !element.getAttribute("aria-label")).length,
    headings: [headings[0], headings.filter((name) => name === "H1").length],
    language: document.documentElement.lang,
    wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    page: style(document.body).backgroundColor,
  };
})()
