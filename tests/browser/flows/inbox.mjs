// Visitors and those who answer them, side by side: the whole story, then what goes wrong, then what helps to write.
import "./inbox/people.mjs";
import "./inbox/story.mjs";
import "./inbox/keyboard.mjs";
import "./inbox/colleagues.mjs";
import "./inbox/trouble.mjs";
import "./inbox/answers.mjs";
import "./inbox/search.mjs";
import "./inbox/alerts.mjs";
import "./inbox/thousand.mjs";
