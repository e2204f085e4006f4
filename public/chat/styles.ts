/** The style sheets of the chat page, in the order in which they build on each other. main.tsx and the gallery load them. */
import '../style/fonts.css';
import '../style/tokens.css';
import '../style/base.css';
import '../style/chat.css';
import '../style/sidebar.css';
import '../style/sign-in.css';
import '../style/timeline.css';
import '../style/message.css';
import '../style/text.css';
import '../style/composer.css';
import '../style/floating.css';
import '../style/layers.css';
import '../style/panels.css';
import '../style/panel-fields.css';
import '../style/panel-lists.css';
import '../style/jump.css';
