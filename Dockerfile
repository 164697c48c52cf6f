# Two stages: the first has the compiler, the second only what runs. No install scripts are needed or run.
FROM node:20-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/clean-dist.mjs scripts/copy-pages.mjs scripts/
COPY src src
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:20-slim
# A container is reached from outside of it only, and as it stands here nobody has to log in: publish the port to this
# machine only, or mount a file of tokens and name it by AUTH_TOKENS_FILE (docs/security.md), which goes before this.
ENV NODE_ENV=production HOST=0.0.0.0 REPLYTO_HTTP__INSECURE=true DATA_DIR=/data
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
# A volume mounted here keeps this owner.
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 8080
# Asks over plain HTTP; where the gateway has a certificate of its own, replace it or switch it off.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.PORT || 8080) + '/readyz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/cli/main.js"]
CMD ["serve"]
