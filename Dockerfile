# The service: its servers, its jobs (`node dist/jobs/main.js`) and the embedded database, for compose.yaml or on its own.
FROM node:20-bookworm-slim AS built
WORKDIR /rooms
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run build && npm prune --omit=dev

FROM node:20-bookworm-slim
WORKDIR /rooms
COPY --from=built /rooms/package.json ./
COPY --from=built /rooms/node_modules node_modules
COPY --from=built /rooms/dist dist
RUN mkdir data && chown node:node data
USER node
ENV HOST=0.0.0.0 PORT=3000 DATA_DIR=/rooms/data
EXPOSE 3000
CMD ["node", "dist/server/main.js"]
