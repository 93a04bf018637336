/** On a narrow screen the sections of settings are one line that scrolls: the current one is brought into view. */

document.querySelector(".sections [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
