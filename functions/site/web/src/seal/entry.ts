import { handOver } from "../contract.ts";
import { openChannel } from "./channel.ts";
import { verifyKeyList } from "./key_list.ts";

handOver({ openChannel, verifyKeyList });
